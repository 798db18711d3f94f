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
add_version("nlohmann-json" "${nlohmann_json_VERSION}")

get_property(version_text DIRECTORY PROPERTY version_text)
set(version_text "lambdaforge ${CMAKE_PROJECT_VERSION}\n${version_text}")
configure_file(version.cpp.in ${CMAKE_CURRENT_BINARY_DIR}/version.cpp @ONLY)
