#!/bin/sh
# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A CUDA kernel as PTX, which every NVIDIA driver translates for its GPU, in a C++ string literal.
#
#   make-ptx.sh COMPILER SOURCE INCLUDE_FOLDER OUTPUT     COMPILER: nvcc or clang++ (which needs no CUDA for it)
set -eu
compiler=$1 source=$2 include=$3 output=$4
ptx=$output.ptx
# Products and sums are rounded one by one, as OpenCV's are. For old GPUs, since newer ones run their PTX: clang's is for Maxwell, nvcc's for Turing, which nvcc 13
# still knows.
case $(basename "$compiler") in
  *nvcc*) "$compiler" -ptx -arch=compute_75 -std=c++17 -O3 -fmad=false "-I$include" -o "$ptx" "$source" ;;
  *)
    "$compiler" -x cuda --cuda-device-only --cuda-gpu-arch=sm_50 -nocudainc -nocudalib -std=c++17 -O3 -ffp-contract=off -S \
      "-I$include" -o "$ptx" "$source"
    ;;
esac
{
  printf 'R"ptx('
  cat "$ptx"
  printf ')ptx"\n'
} > "$output"
rm -f "$ptx"
