# Writes version.cpp: the program's version and that of every library it is built with.

# version_of(name file regex...): adds a line; the regexes' groups, one a line of the file, are joined by dots.
function(version_of name file)
  file(READ ${file} text)
  set(numbers "")
  foreach(regex ${ARGN})
    if(NOT text MATCHES "${regex}")
      message(FATAL_ERROR "no version of ${name} in ${file}")
    endif()
    list(APPEND numbers ${CMAKE_MATCH_1})
  endforeach()
  list(JOIN numbers "." version)
  add_version("${name}" "${version}")
endfunction()

function(add_version name version)
  if(version STREQUAL "")
    message(FATAL_ERROR "no version of ${name}")
  endif()
  set_property(DIRECTORY APPEND_STRING PROPERTY version_text "  ${name} ${version}\n")
endfunction()

# version_of_library(name file): for libraries that say their version in nothing but the file's name, lib....so.1.2.3.
function(version_of_library name file)
  file(REAL_PATH ${file} real)
  if(NOT real MATCHES "\\.so\\.([0-9.]+)$")
    message(FATAL_ERROR "no version of ${name} in the name of ${real}")
  endif()
  add_version("${name}" "${CMAKE_MATCH_1}")
endfunction()

find_file(OPEN_MPI_HEADER mpi.h PATHS ${MPI_CXX_INCLUDE_DIRS} NO_DEFAULT_PATH REQUIRED)
version_of("libtorch" ${LAMBDAFORGE_SITE_PACKAGES}/torch/version.py "__version__ = '([^']+)'")
version_of("NCCL" ${LAMBDAFORGE_SITE_PACKAGES}/nvidia/nccl/include/nccl.h
  "NCCL_MAJOR ([0-9]+)" "NCCL_MINOR ([0-9]+)" "NCCL_PATCH ([0-9]+)")
version_of("Open MPI" ${OPEN_MPI_HEADER}
  "OMPI_MAJOR_VERSION ([0-9]+)" "OMPI_MINOR_VERSION ([0-9]+)" "OMPI_RELEASE_VERSION ([0-9]+)")
version_of("Arrow" ${LAMBDAFORGE_SITE_PACKAGES}/pyarrow/include/arrow/util/config.h
  "ARROW_VERSION_STRING \"([^\"]+)\"")
add_version("HDF5" "${HDF5_VERSION}")
add_version("ICU" "${ICU_VERSION}")
add_version("toml++" "${tomlplusplus_VERSION}")
add_version("CLI11" "${CLI11_VERSION}")
add_version("fmt" "${fmt_VERSION}")
get_target_property(prometheus_library prometheus-cpp::core LOCATION)
version_of_library("prometheus-cpp" ${prometheus_library})
version_of_library("ISA-L" ${LAMBDAFORGE_ISAL})
find_file(MICROHTTPD_HEADER microhttpd.h REQUIRED)
version_of("libmicrohttpd" ${MICROHTTPD_HEADER}
  "MHD_VERSION 0x0([0-9])" "MHD_VERSION 0x[0-9][0-9]0([0-9])" "MHD_VERSION 0x[0-9][0-9][0-9][0-9]([0-9][0-9])")
find_file(GNUTLS_HEADER gnutls/gnutls.h REQUIRED)
version_of("GnuTLS" ${GNUTLS_HEADER} "GNUTLS_VERSION \"([0-9.]+)\"")
add_version("libcurl" "${CURL_VERSION_STRING}")
add_version("protobuf" "${Protobuf_VERSION}")
add_version("nlohmann-json" "${nlohmann_json_VERSION}")

get_property(version_text DIRECTORY PROPERTY version_text)
set(version_text "lambdaforge ${CMAKE_PROJECT_VERSION}\n${version_text}")
configure_file(version.cpp.in ${CMAKE_CURRENT_BINARY_DIR}/version.cpp @ONLY)
