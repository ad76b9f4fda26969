# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

# Compiles our code with sanitizers and assertions, against an MLIR without either.
#
# Headers assert because NDEBUG is not set, but llvm::Statistic, whose layout depends on it, is read
# with it first. LLVM's other checks that change a layout follow LLVM_ENABLE_ABI_BREAKING_CHECKS of
# its own configuration. Without run-time types there is no check of virtual tables.
#
# Containers of LLVM that its libraries fill without telling AddressSanitizer need
# ASAN_OPTIONS=allow_user_poisoning=0, and what MLIR keeps to the end detect_leaks=0.

add_compile_options(
  -fsanitize=address,undefined -fno-sanitize=vptr,function -fno-sanitize-recover=all
  -fno-omit-frame-pointer
  $<$<COMPILE_LANGUAGE:CXX>:-include>
  $<$<COMPILE_LANGUAGE:CXX>:${PROJECT_SOURCE_DIR}/cmake/StatisticWithoutAssertions.h>)
add_compile_definitions(_GLIBCXX_ASSERTIONS)
add_link_options(-fsanitize=address,undefined)
