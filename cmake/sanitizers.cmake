option(LAMBDAFORGE_SANITIZE "Address and undefined-behaviour sanitizers" OFF)
if(LAMBDAFORGE_SANITIZE)
  # In instrumented code g++ 12 takes an empty std::optional of libtorch's for an uninitialised value.
  add_compile_options(-fsanitize=address,undefined -fno-omit-frame-pointer -Wno-maybe-uninitialized)
  add_link_options(-fsanitize=address,undefined)
endif()
