# find_package(Binade) defines Binade::sdk, binade_add_plugin() and, if LibTorch is found, Binade::torch.
include(${CMAKE_CURRENT_LIST_DIR}/BinadeTargets.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/LibTorch.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/BinadePlugin.cmake)
