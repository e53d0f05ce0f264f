# binade_add_plugin(NAME source... [MANIFEST file.toml])
#
# Adds the target NAME, which builds the plugin NAME.so from its sources and its manifest: NAME.toml beside the first
# source unless MANIFEST says otherwise. The plugin exports one symbol, binade_plugin_v1, and carries the manifest in an
# ELF note that the host reads before it loads the plugin.
include_guard(GLOBAL)

function(binade_add_plugin name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "MANIFEST" "")
  if(NOT arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "binade_add_plugin(${name}): name at least one source file")
  endif()
  list(GET arg_UNPARSED_ARGUMENTS 0 source)
  cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} NORMALIZE)
  if(NOT arg_MANIFEST)
    cmake_path(REPLACE_FILENAME source ${name}.toml OUTPUT_VARIABLE arg_MANIFEST)
  endif()
  cmake_path(ABSOLUTE_PATH arg_MANIFEST BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} NORMALIZE)
  if(NOT EXISTS ${arg_MANIFEST})
    message(FATAL_ERROR "binade_add_plugin(${name}): there is no manifest ${arg_MANIFEST}. Write one (id, kind, "
      "version, summary and [options]) or name another with MANIFEST.")
  endif()

  add_library(${name} MODULE ${arg_UNPARSED_ARGUMENTS})
  set_target_properties(${name} PROPERTIES PREFIX "" SUFFIX ".so" C_VISIBILITY_PRESET hidden
    CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON POSITION_INDEPENDENT_CODE ON)
  target_link_libraries(${name} PRIVATE Binade::sdk)

  # The script also hides weak and unique symbols of templates, which hidden visibility does not and which would bind
  # across plugins.
  set(script ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin.map)
  target_link_options(${name} PRIVATE LINKER:--version-script=${script} LINKER:-z,defs LINKER:--build-id)
  set_property(TARGET ${name} APPEND PROPERTY LINK_DEPENDS ${script})

  # CMake silently skips sources in a language that is not enabled.
  get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  if("CXX" IN_LIST languages)
    target_compile_features(${name} PRIVATE cxx_std_17)
  endif()
  if("C" IN_LIST languages)
    set(note ${CMAKE_CURRENT_BINARY_DIR}/${name}_manifest.c)
  else()
    set(note ${CMAKE_CURRENT_BINARY_DIR}/${name}_manifest.cpp)
  endif()
  set(embed ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/embed_manifest.cmake)
  add_custom_command(OUTPUT ${note} DEPENDS ${arg_MANIFEST} ${embed} VERBATIM
    COMMAND ${CMAKE_COMMAND} -D MANIFEST=${arg_MANIFEST} -D OUTPUT=${note} -P ${embed}
    COMMENT "Embedding the manifest of ${name}")
  target_sources(${name} PRIVATE ${note})

  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${arg_MANIFEST})
  file(STRINGS ${arg_MANIFEST} is_model REGEX "^[ \t]*kind[ \t]*=[ \t]*[\"']model[\"']")
  if(is_model AND NOT BINADE_TORCH_FOUND)
    message(FATAL_ERROR "binade_add_plugin(${name}): a model needs LibTorch, and none was found. Set CMAKE_PREFIX_PATH "
      "to the folder that holds lib/libtorch_cpu.so and include/: the one that Binade itself was built with.")
  elseif(is_model)
    target_link_libraries(${name} PRIVATE Binade::torch)
  endif()

  # Set in Binade's own tree.
  if(BINADE_PLUGIN_DIR)
    set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${BINADE_PLUGIN_DIR})
    install(TARGETS ${name} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/binade/plugins COMPONENT plugins)
  endif()
endfunction()

# binade_add_plugin_test(NAME source...)
#
# Adds the test NAME: a program built from these sources and the plugin's objects, which calls binade_plugin_v1 as the
# host does (binade/testing.h; in C, binade/abi/testing.h).
function(binade_add_plugin_test name)
  add_executable(${name}_test ${ARGN} $<TARGET_OBJECTS:${name}>)
  target_link_libraries(${name}_test PRIVATE $<TARGET_PROPERTY:${name},LINK_LIBRARIES>)
  get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  if("CXX" IN_LIST languages)
    target_compile_features(${name}_test PRIVATE cxx_std_17)
  endif()
  add_test(NAME ${name} COMMAND ${name}_test)
endfunction()
