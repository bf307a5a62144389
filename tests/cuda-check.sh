#!/bin/sh
# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Checks and times the network, and what is done with frames on a GPU, on a GPU host that has nothing but g++, nvcc (or clang++) and a Python with CUDA
# PyTorch: no Meson, no GStreamer, no OpenCV, no network access. Builds the network part against that PyTorch's LibTorch into build-cuda-check/, compares fp16 with
# fp32 and with torchvision (or a plain R3D-18 where it is absent), and prints chunks per second beside eager PyTorch.
#
#   tests/cuda-check.sh [--device cuda|cpu] [--weights FILE] [--seconds S]     PYTHON, CXX and CUDA_HOME may be set
#
# Without nvcc and clang++ the frames are left out, which it says. Exits 1 when a comparison fails, or when the profile shows vol2col or slow_conv. --device cpu tries the script itself.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
cxx=${CXX:-g++}
out=build-cuda-check
mkdir -p "$out"

eval "$("$python" - <<'PY'
import glob, os, shlex
import torch
from torch.utils.cpp_extension import include_paths, library_paths
site = os.path.dirname(os.path.dirname(torch.__file__))
homes = [os.environ.get("CUDA_HOME", ""), *glob.glob(site + "/nvidia/*"), "/usr/local/cuda"]
home = next((h for h in homes if h and os.path.exists(h + "/include/cuda_runtime_api.h") and glob.glob(h + "/lib*/libcudart.so*")), "")
cuda = torch.version.cuda is not None and home != ""
runtime = sorted(glob.glob(home + "/lib*/libcudart.so*"))[0] if cuda else ""
flags = ["-isystem" + path for path in include_paths()] + (["-isystem" + home + "/include", "-DACTION_WITH_CUDA=1"] if cuda else [])
flags.append("-D_GLIBCXX_USE_CXX11_ABI=%d" % torch._C._GLIBCXX_USE_CXX11_ABI)
libraries = [path for path in library_paths() if os.path.isdir(path)]
# The C++ library that PyTorch has loaded, lest the compiler should link a static one in beside it: two of them crash.
with open("/proc/self/maps") as maps:
    standard = next(iter({line.split()[-1] for line in maps if "libstdc++.so" in line}), "")
links = ["-L" + path for path in libraries] + ["-Wl,-rpath," + path for path in libraries] + ["-Wl,--no-as-needed", "-ltorch", "-ltorch_cpu", "-lc10"]
links += ["-ltorch_cuda", "-lc10_cuda", runtime] if cuda else []
links += [standard] if standard else []
print("flags=%s\nlinks=%s\ncuda=%s" % (shlex.quote(" ".join(flags)), shlex.quote(" ".join(links)), "yes" if cuda else ""))
PY
)"
echo "building against the LibTorch of $("$python" -c 'import torch; print("PyTorch", torch.__version__)')${cuda:+ with CUDA}"

sources='lib/action/checkpoint/pickle.cc lib/action/checkpoint/pickle_objects.cc lib/action/checkpoint/pickle_torch.cc
lib/action/checkpoint/state_dict.cc lib/action/checkpoint/tensor.cc lib/action/checkpoint/torch_legacy.cc
lib/action/checkpoint/torch_zip.cc lib/action/checkpoint/value.cc lib/action/network.cc lib/action/picture.cc lib/action/error.cc
lib/action/processors.cc lib/action/r3d18_spec.cc lib/actiontorch/cpu_convolution.cc lib/actiontorch/direct_convolution.cc
lib/actiontorch/continual_layers.cc lib/actiontorch/two_frame_convolution.cc
lib/actiontorch/winograd_convolution.cc lib/actiontorch/winograd_time_convolution.cc lib/actiontorch/folded_r3d18.cc lib/actiontorch/r3d18_torch.cc
lib/actiontorch/r3d18_vector.cc lib/actiontorch/space_to_depth.cc lib/actiontorch/stand_in.cc lib/actiontorch/thread_team.cc lib/actiontorch/torch_device.cc
lib/actiontorch/torch_network.cc lib/actiontorch/worker_threads.cc tests/helpers/network_library.cc'
[ -z "$cuda" ] || sources="$sources lib/actiontorch/r3d18_cuda.cc"
if echo '#include <zlib.h>' | "$cxx" -E -x c++ - > /dev/null 2>&1; then
  sources="$sources lib/action/io/crc32.cc" links="$links -lz"
else
  sources="$sources tests/helpers/plain_crc32.cc"
fi

# What was built for another PyTorch does not fit this one.
# shellcheck disable=SC2154
if [ "$flags $links" != "$(cat "$out/built-for" 2> /dev/null)" ]; then
  rm -f "$out"/*.o
  echo "$flags $links" > "$out/built-for"
fi

compile() { # SOURCE OBJECT FLAGS...
  source=$1 object=$2
  shift 2
  if [ -z "$(find "$object" -newer "$source" 2> /dev/null)" ] || [ -n "$(find lib -name '*.h' -newer "$object")" ]; then
    echo "$cxx -std=c++20 -O2 -fPIC -fvisibility=hidden -pthread -Ilib $* -c $source -o $object"
  fi
}
{
  for source in $sources; do
    # shellcheck disable=SC2086
    compile "$source" "$out/$(echo "$source" | tr / _).o" $flags
  done
  compile lib/actiontorch/convolution_kernels.cc "$out/avx512.o" -O3 -mavx512f -DACTION_KERNELS=Avx512Kernels \
    "-DACTION_KERNELS_NAME='\"AVX-512\"'" -DACTION_VECTOR_BYTES=64 -DACTION_PANEL_VECTORS=4
  compile lib/actiontorch/convolution_kernels.cc "$out/avx2.o" -O3 -mavx2 -mfma -DACTION_KERNELS=Avx2Kernels \
    "-DACTION_KERNELS_NAME='\"AVX2\"'" -DACTION_VECTOR_BYTES=32 -DACTION_PANEL_VECTORS=2
} | tr '\n' '\0' | xargs -0 -r -n 1 -P "$(nproc)" sh -c
# shellcheck disable=SC2086
$cxx -shared -pthread -o "$out/libnetwork.so" "$out"/*.o $links -ldl

ptx=
for candidate in ${CUDA_HOME:+"$CUDA_HOME/bin/nvcc"} nvcc /usr/local/cuda/bin/nvcc clang++; do
  [ -z "$ptx" ] || break
  command -v "$candidate" > /dev/null 2>&1 || continue
  sh lib/actioncuda/make-ptx.sh "$candidate" lib/actioncuda/cuda_kernels.cu lib "$out/cuda_kernels_ptx.inc" && ptx=$candidate
done
if [ -z "$cuda" ]; then
  echo "frames on a GPU: not checked, since this PyTorch has no CUDA"
elif [ -z "$ptx" ]; then
  echo "frames on a GPU: not checked, since neither nvcc nor clang++ is there"
else
  $cxx -std=c++20 -O2 -ffp-contract=off -Ilib "-I$out" -DACTION_CUDA_KERNELS=1 -o "$out/cuda-frames-check" tests/helpers/cuda_frames_check.cc \
    lib/actioncuda/cuda_driver.cc lib/actioncuda/cuda_kernels.cc lib/action/error.cc -ldl
  echo "frames on a GPU (kernels by $ptx):"
  "$out/cuda-frames-check"
fi

exec "$python" tests/helpers/cuda_check.py "$out/libnetwork.so" "$@"
