# `cpack --config build/CPackConfig.cmake` makes a Debian package. LibTorch is not in it: `binade setup` fetches that.
install(DIRECTORY monitoring experiments DESTINATION ${CMAKE_INSTALL_DATADIR}/binade
  PATTERN __pycache__ EXCLUDE PATTERN "*.sh" EXCLUDE PATTERN runs EXCLUDE)
install(FILES README.md DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/binade)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/binade RENAME copyright)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "The Binade project")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "A host that loads models, datasets, precision policies and loggers as plugins,
trains what a TOML file describes, and exports what mixed precision is doing
to Prometheus. With the headers that plugins are built with.")
# Not by dpkg-shlibdeps, which stops at LibTorch because no package has it. Debian's releases name these packages
# differently, so this system is asked for the names. A test compares them with what is linked.
function(binade_add_dependency library)
  find_library(BINADE_PACKAGED_${library} ${library})
  mark_as_advanced(BINADE_PACKAGED_${library})
  file(REAL_PATH "${BINADE_PACKAGED_${library}}" file)
  # dpkg may know the file below /lib, which is now a link to /usr/lib.
  string(REGEX REPLACE "^/usr/" "*/" file ${file})
  execute_process(COMMAND dpkg-query --search ${file} OUTPUT_VARIABLE owner ERROR_QUIET)
  if(owner MATCHES "^([^:]+):")
    list(APPEND CPACK_DEBIAN_PACKAGE_DEPENDS ${CMAKE_MATCH_1})
    set(CPACK_DEBIAN_PACKAGE_DEPENDS ${CPACK_DEBIAN_PACKAGE_DEPENDS} PARENT_SCOPE)
  endif()
endfunction()
execute_process(COMMAND getconf GNU_LIBC_VERSION OUTPUT_VARIABLE libc_version ERROR_QUIET)
string(REGEX MATCH "[0-9.]+" libc_version "${libc_version}")
string(REGEX MATCH "^[0-9]+" compiler_version "${CMAKE_CXX_COMPILER_VERSION}")
set(CPACK_DEBIAN_PACKAGE_DEPENDS "libc6 (>= ${libc_version})" "libstdc++6 (>= ${compiler_version})" libgcc-s1)
foreach(library fmt prometheus-cpp-core crypto jpeg spng webp z)
  binade_add_dependency(${library})
endforeach()
list(JOIN CPACK_DEBIAN_PACKAGE_DEPENDS ", " CPACK_DEBIAN_PACKAGE_DEPENDS)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "python3-pip, ca-certificates")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "cmake, g++, prometheus")
set(CPACK_COMPONENTS_ALL_IN_ONE_PACKAGE ON)
include(CPack)
