// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Training of heads.
#ifndef ACTIONTORCH_HEAD_TRAINING_H_
#define ACTIONTORCH_HEAD_TRAINING_H_

#include "action/head.h"

namespace action {

// As the reference trains: AdamW, cross entropy of every step against its clip's label, batches of shuffled clips. Runs
// on the calling thread alone and sets that thread's number of OpenMP threads to one, so that sums are always taken in
// one order. Throws Error when there is nothing to train with, when the loss stops being a number, and when on_epoch
// ends it.
TrainedHead TrainHead(const HeadTraining &training);

}  // namespace action

#endif  // ACTIONTORCH_HEAD_TRAINING_H_
