// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// NVIDIA's decoder library, which decodes nothing: GStreamer registers cudaupload and cudadownload only beside one.
#define NOT_HERE(name)                                               \
  extern "C" __attribute__((visibility("default"))) int name(void) { \
    return 801; /* CUDA_ERROR_NOT_SUPPORTED */                       \
  }
NOT_HERE(cuvidCtxLockCreate)
NOT_HERE(cuvidCtxLockDestroy)
NOT_HERE(cuvidCtxLock)
NOT_HERE(cuvidCtxUnlock)
NOT_HERE(cuvidCreateDecoder)
NOT_HERE(cuvidDestroyDecoder)
NOT_HERE(cuvidReconfigureDecoder)
NOT_HERE(cuvidDecodePicture)
NOT_HERE(cuvidCreateVideoParser)
NOT_HERE(cuvidParseVideoData)
NOT_HERE(cuvidDestroyVideoParser)
NOT_HERE(cuvidMapVideoFrame64)
NOT_HERE(cuvidUnmapVideoFrame64)
NOT_HERE(cuvidGetDecoderCaps)
