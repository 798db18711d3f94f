# libtorch out of the PyPI wheel. The targets are imported by hand, because the wheel's own find_package(Torch) needs a
# CUDA toolkit, and a machine without one must still build the program.
find_program(LAMBDAFORGE_PYTHON python3 PATHS ${LAMBDAFORGE_DEPS}/venv/bin NO_DEFAULT_PATH)
if(NOT LAMBDAFORGE_PYTHON)
  message(FATAL_ERROR "no ${LAMBDAFORGE_DEPS}/venv: run launch/bootstrap.sh first")
endif()
file(GLOB site_packages ${LAMBDAFORGE_DEPS}/venv/lib/python3.*/site-packages)
set(LAMBDAFORGE_SITE_PACKAGES ${site_packages})
set(torch_root ${site_packages}/torch)
if(NOT EXISTS ${torch_root}/include/ATen/core/Tensor.h)
  message(FATAL_ERROR "no libtorch in ${torch_root}: run launch/bootstrap.sh again")
endif()

foreach(part c10 torch_cpu c10_cuda torch_cuda)
  add_library(torch::${part} SHARED IMPORTED)
  set_target_properties(torch::${part} PROPERTIES IMPORTED_LOCATION ${torch_root}/lib/lib${part}.so)
endforeach()

add_library(lambdaforge_torch INTERFACE)
target_include_directories(lambdaforge_torch SYSTEM INTERFACE
  ${torch_root}/include ${torch_root}/include/torch/csrc/api/include)
# at::parallel_for is a template over OpenMP: without the compiler's flag it runs on one thread. The runtime library
# is the wheel's own, because two of them in a process would each start their threads.
target_compile_options(lambdaforge_torch INTERFACE -fopenmp)
target_link_libraries(lambdaforge_torch INTERFACE
  torch::torch_cpu torch::c10 ${torch_root}/lib/libgomp.so.1)
target_link_options(lambdaforge_torch INTERFACE
  -Wl,-rpath,${torch_root}/lib -Wl,-rpath-link,${site_packages}/nvidia/cu13/lib)

# The CUDA runtime headers and NCCL come in wheels too, so the NCCL communicator needs no CUDA toolkit.
add_library(lambdaforge_nccl INTERFACE)
target_include_directories(lambdaforge_nccl SYSTEM INTERFACE
  ${site_packages}/nvidia/cu13/include ${site_packages}/nvidia/nccl/include)
target_link_libraries(lambdaforge_nccl INTERFACE lambdaforge_torch
  torch::torch_cuda torch::c10_cuda ${site_packages}/nvidia/nccl/lib/libnccl.so.2
  ${site_packages}/nvidia/cu13/lib/libcudart.so.13)
target_link_options(lambdaforge_nccl INTERFACE
  -Wl,-rpath,${site_packages}/nvidia/nccl/lib -Wl,-rpath,${site_packages}/nvidia/cu13/lib)

# torch's headers cost seconds to parse: one precompiled header serves every target that sees them.
file(WRITE ${CMAKE_BINARY_DIR}/torch_pch.cpp "")
add_library(lambdaforge_torch_pch OBJECT ${CMAKE_BINARY_DIR}/torch_pch.cpp)
target_link_libraries(lambdaforge_torch_pch PUBLIC lambdaforge_torch)
target_precompile_headers(lambdaforge_torch_pch PRIVATE
  <ATen/ATen.h> <torch/csrc/autograd/custom_function.h> <algorithm> <filesystem> <map> <memory>
  <optional> <span> <string> <string_view> <vector>)

function(lambdaforge_share_precompiled_header target)
  if("lambdaforge_torch" IN_LIST ARGN)
    target_precompile_headers(${target} REUSE_FROM lambdaforge_torch_pch)
  endif()
endfunction()
