# Defines LibTorch as one target, Binade::torch. LibTorch's own CMake package is not used: it looks for nvcc and fails
# if the installed CUDA is newer than CMake knows. LibTorch is the folder that holds lib/libtorch_cpu.so and include/.
# It is taken from CMAKE_PREFIX_PATH or BINADE_LIBTORCH (which `binade` itself uses, too), else from where `binade
# setup` or Binade's bootstrap put it.
include_guard(GLOBAL)

if(DEFINED ENV{BINADE_CACHE})
  set(cache $ENV{BINADE_CACHE})
elseif(DEFINED ENV{XDG_CACHE_HOME})
  set(cache $ENV{XDG_CACHE_HOME}/binade)
else()
  set(cache $ENV{HOME}/.cache/binade)
endif()
set(fetched $ENV{BINADE_LIBTORCH} ${cache}/libtorch-2.11.0-cuda/torch ${cache}/libtorch-2.11.0/torch)
find_library(BINADE_TORCH_CPU_LIBRARY torch_cpu PATHS ${fetched} PATH_SUFFIXES lib)
find_library(BINADE_C10_LIBRARY c10 PATHS ${fetched} PATH_SUFFIXES lib)
find_path(BINADE_TORCH_INCLUDE_DIR ATen/core/Tensor.h PATHS ${fetched} PATH_SUFFIXES include)
unset(cache)
unset(fetched)
mark_as_advanced(BINADE_TORCH_CPU_LIBRARY BINADE_C10_LIBRARY BINADE_TORCH_INCLUDE_DIR)

if(NOT BINADE_TORCH_CPU_LIBRARY OR NOT BINADE_C10_LIBRARY OR NOT BINADE_TORCH_INCLUDE_DIR)
  set(BINADE_TORCH_FOUND FALSE)
  return()
endif()
set(BINADE_TORCH_FOUND TRUE)

# LibTorch is identified by the GNU build-ids of its libraries; a plugin's must equal the engine's.
function(binade_build_id library result)
  execute_process(COMMAND ${CMAKE_READELF} --notes ${library} OUTPUT_VARIABLE notes ERROR_QUIET)
  if(NOT notes MATCHES "Build ID: ([0-9a-f]+)")
    message(FATAL_ERROR "${library} has no GNU build-id, which is needed to tell builds of LibTorch apart")
  endif()
  set(${result} ${CMAKE_MATCH_1} PARENT_SCOPE)
endfunction()
binade_build_id(${BINADE_C10_LIBRARY} BINADE_C10_BUILD_ID)
binade_build_id(${BINADE_TORCH_CPU_LIBRARY} BINADE_TORCH_CPU_BUILD_ID)

add_library(Binade::torch INTERFACE IMPORTED GLOBAL)
target_include_directories(Binade::torch SYSTEM INTERFACE
  ${BINADE_TORCH_INCLUDE_DIR} ${BINADE_TORCH_INCLUDE_DIR}/torch/csrc/api/include)
# Error messages of LibTorch's headers must not contain paths of the build machine.
target_compile_options(Binade::torch INTERFACE -fmacro-prefix-map=${BINADE_TORCH_INCLUDE_DIR}/=)
target_link_libraries(Binade::torch INTERFACE ${BINADE_TORCH_CPU_LIBRARY} ${BINADE_C10_LIBRARY})
target_compile_definitions(Binade::torch INTERFACE
  BINADE_C10_BUILD_ID="${BINADE_C10_BUILD_ID}" BINADE_TORCH_CPU_BUILD_ID="${BINADE_TORCH_CPU_BUILD_ID}")
