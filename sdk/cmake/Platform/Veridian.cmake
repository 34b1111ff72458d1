# SPDX-License-Identifier: BSD-2-Clause
# What CMake has to know of the system that riscv64-veridian.cmake names.
set(UNIX TRUE)
set(VERIDIAN TRUE)
set(CMAKE_DL_LIBS "")
set(CMAKE_EXECUTABLE_SUFFIX "")
set(CMAKE_STATIC_LIBRARY_PREFIX "lib")
set(CMAKE_STATIC_LIBRARY_SUFFIX ".a")
set(CMAKE_FIND_LIBRARY_PREFIXES "lib")
set(CMAKE_FIND_LIBRARY_SUFFIXES ".a")
set_property(GLOBAL PROPERTY TARGET_SUPPORTS_SHARED_LIBS FALSE)
