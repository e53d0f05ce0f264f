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
# By hand, since dpkg-shlibdeps stops at LibTorch, which no package has. A test compares.
set(CPACK_DEBIAN_PACKAGE_DEPENDS
  "libc6 (>= 2.36), libstdc++6 (>= 12), libgcc-s1, libfmt9, libprometheus-cpp-core1.0, libssl3")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "python3-pip, ca-certificates")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "cmake, g++, prometheus")
set(CPACK_COMPONENTS_ALL_IN_ONE_PACKAGE ON)
include(CPack)
