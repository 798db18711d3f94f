# Run at every build: writes OUTPUT when the commit of SOURCE_DIR has changed, and else leaves it alone, so
# that nothing is compiled again.
set(commit "")
find_program(GIT git)
if(GIT)
  cmake_path(GET SOURCE_DIR PARENT_PATH above)
  execute_process(  # a clone that merely lies around the sources is not theirs
    COMMAND ${CMAKE_COMMAND} -E env GIT_CEILING_DIRECTORIES=${above}
            ${GIT} -C ${SOURCE_DIR} describe --always --dirty --abbrev=40 --exclude=*
    OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
file(CONFIGURE OUTPUT ${OUTPUT} @ONLY CONTENT [[
#include "launch/commit.h"

namespace lambdaforge::launch {

const std::string_view kCommit = "@commit@";

}  // namespace lambdaforge::launch
]])
