# find_package(Binade): Binade::sdk, binade_add_plugin() and, where CMAKE_PREFIX_PATH leads to LibTorch, Binade::torch.
include(${CMAKE_CURRENT_LIST_DIR}/BinadeTargets.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/LibTorch.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/BinadePlugin.cmake)
