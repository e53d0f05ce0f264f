# Included behind project() by the preset asan: the engine and the executable in a few units, since half of the time that
# sanitizers cost goes into reading LibTorch's headers again. What has names that others have, too, stays by itself.
cmake_language(DEFER CALL set_target_properties binade_engine_objects binade PROPERTIES
  UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 10)
cmake_language(DEFER CALL set_source_files_properties
  ${CMAKE_SOURCE_DIR}/host/engine/backward_order.cpp ${CMAKE_SOURCE_DIR}/host/engine/training_loop.cpp
  DIRECTORY ${CMAKE_SOURCE_DIR}/host/engine PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
cmake_language(DEFER CALL set_source_files_properties
  ${CMAKE_SOURCE_DIR}/host/commands/resumed_run.cpp ${CMAKE_SOURCE_DIR}/host/commands/run_records.cpp ${CMAKE_SOURCE_DIR}/host/commands/validate.cpp
  ${CMAKE_SOURCE_DIR}/host/commands/verify_resume.cpp
  DIRECTORY ${CMAKE_SOURCE_DIR}/host/commands PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
