# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

# Finds MLIR and says how to link it.
#
# Sets PATTERNC_MLIR_LIBS (what the dialect and the passes link), PATTERNC_MLIR_OPT_LIBS,
# PATTERNC_MLIR_LSP_LIBS and PATTERNC_MLIR_REDUCE_LIBS (what the tools link besides).

# Debian keeps each LLVM in a folder of its own, where find_package does not look.
if(NOT MLIR_DIR AND EXISTS /usr/lib/llvm-22/lib/cmake/mlir)
  set(MLIR_DIR /usr/lib/llvm-22/lib/cmake/mlir CACHE PATH "Folder of MLIRConfig.cmake")
endif()
find_package(MLIR REQUIRED CONFIG)
if(NOT LLVM_VERSION_MAJOR EQUAL 22)
  message(FATAL_ERROR
    "found MLIR ${LLVM_VERSION} in ${MLIR_DIR}, expected 22.x; set MLIR_DIR to MLIR 22's lib/cmake/mlir")
endif()
message(STATUS "MLIR ${LLVM_VERSION} from ${MLIR_DIR}")

# MLIR finds traits and interfaces by the names that the compiler prints for their types. Debian's
# MLIR is built with Clang; GCC prints other names, and then e.g. no constant is recognised.
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  message(FATAL_ERROR "MLIR's libraries are built with Clang, so this project has to be as well, "
    "but the C++ compiler is ${CMAKE_CXX_COMPILER}; "
    "install clang-22, or set CMAKE_CXX_COMPILER to a Clang, and configure a new build folder")
endif()

list(APPEND CMAKE_MODULE_PATH ${MLIR_CMAKE_DIR} ${LLVM_CMAKE_DIR})
include(TableGen)
include(AddLLVM)
include(AddMLIR)

if(NOT PATTERNC_STATIC)
  # The shared library holds the tools' main functions, too.
  set(PATTERNC_MLIR_LIBS MLIR LLVM)
  set(PATTERNC_MLIR_OPT_LIBS)
  set(PATTERNC_MLIR_LSP_LIBS)
  set(PATTERNC_MLIR_REDUCE_LIBS)
  return()
endif()

# Debian configures LLVM with one shared library, and exports MLIR's archives with that library
# (target "LLVM") in their link interface: whoever links an archive gets libLLVM.so as well.
# The archives use only a few of LLVM's components, so name these instead.
set(LLVM_LINK_LLVM_DYLIB OFF)
set(MLIR_LINK_MLIR_DYLIB OFF)
set(llvm_components LLVMCore LLVMRemarks LLVMTargetParser LLVMSupport)
get_property(mlir_archives GLOBAL PROPERTY MLIR_ALL_LIBS)
foreach(archive IN LISTS mlir_archives)
  if(NOT TARGET ${archive} OR archive STREQUAL "MLIR")
    continue()
  endif()
  get_target_property(interface ${archive} INTERFACE_LINK_LIBRARIES)
  if(interface)
    list(TRANSFORM interface REPLACE "^LLVM$" "${llvm_components}")
    set_target_properties(${archive} PROPERTIES INTERFACE_LINK_LIBRARIES "${interface}")
  endif()
endforeach()

# The language server uses one component more.
target_link_libraries(MLIRLspServerSupportLib INTERFACE LLVMSupportLSP)

# LLVMSupport's interface names libz3.so for its SMT solver, which nothing here reaches.
get_target_property(interface LLVMSupport INTERFACE_LINK_LIBRARIES)
list(FILTER interface EXCLUDE REGEX "z3")
set_target_properties(LLVMSupport PROPERTIES INTERFACE_LINK_LIBRARIES "${interface}")

# An archive that nothing refers to adds nothing to a binary, so this list may be generous:
# every dialect of the registry with its transforms, and what rewrites are written with.
set(PATTERNC_MLIR_LIBS
  MLIRAffineDialect MLIRAffineTransforms MLIRAffineToStandard
  MLIRArithDialect MLIRArithTransforms MLIRArithUtils
  MLIRBufferizationDialect MLIRBufferizationTransforms
  MLIRControlFlowDialect
  MLIRDLTIDialect
  MLIRFuncDialect MLIRFuncTransforms MLIRFuncInlinerExtension
  MLIRGPUDialect
  MLIRIndexDialect
  MLIRLinalgDialect MLIRLinalgTransforms MLIRLinalgUtils
  MLIRMathDialect MLIRMathTransforms
  MLIRMemRefDialect MLIRMemRefTransforms MLIRMemRefUtils
  MLIRMLProgramDialect
  MLIRSCFDialect MLIRSCFTransforms MLIRSCFUtils MLIRSCFToControlFlow
  MLIRTensorDialect MLIRTensorTransforms MLIRTensorUtils
  MLIRTensorInferTypeOpInterfaceImpl MLIRTensorTilingInterfaceImpl
  MLIRUBDialect
  MLIRVectorDialect MLIRVectorTransforms MLIRVectorUtils MLIRVectorToSCF
  MLIRAnalysis MLIRDialectUtils MLIRIR MLIRParser MLIRPass MLIRRewrite MLIRSupport
  MLIRTransformUtils MLIRTransforms)
set(PATTERNC_MLIR_OPT_LIBS MLIROptLib)
set(PATTERNC_MLIR_LSP_LIBS MLIRLspServerLib)
set(PATTERNC_MLIR_REDUCE_LIBS MLIRReduceLib MLIRReduce)
add_link_options(-Wl,--gc-sections)
