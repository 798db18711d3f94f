# Includes are written from the root of the repository.
cmake_path(SET LAMBDAFORGE_ROOT NORMALIZE ${CMAKE_CURRENT_LIST_DIR}/..)

# lambdaforge_room(name SOURCES ... LINK ...): one static library a room, `lambdaforge_<name>`.
function(lambdaforge_room name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_library(lambdaforge_${name} STATIC ${ARG_SOURCES})
  target_include_directories(lambdaforge_${name} PUBLIC ${LAMBDAFORGE_ROOT})
  target_link_libraries(lambdaforge_${name} PUBLIC ${ARG_LINK})
  lambdaforge_share_precompiled_header(lambdaforge_${name} ${ARG_LINK})
endfunction()

# lambdaforge_test(name SOURCES ... LINK ...): one GoogleTest program a room, registered with ctest. Its
# testing::TempDir() is its own: two builds on a machine, or two programs at a time, do not meet there.
function(lambdaforge_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${LAMBDAFORGE_ROOT})
  target_link_libraries(${name} PRIVATE ${ARG_LINK} GTest::gtest GTest::gtest_main)
  lambdaforge_share_precompiled_header(${name} ${ARG_LINK})
  add_test(NAME ${name} COMMAND ${name})
  set(scratch ${CMAKE_BINARY_DIR}/tmp/${name})
  file(MAKE_DIRECTORY ${scratch})
  set_tests_properties(${name} PROPERTIES ENVIRONMENT
    "LAMBDAFORGE_SOURCE_DIR=${LAMBDAFORGE_ROOT};LAMBDAFORGE_DEPS=${LAMBDAFORGE_DEPS};OMP_NUM_THREADS=2;TEST_TMPDIR=${scratch}")
endfunction()
