// SPDX-License-Identifier: EUPL-1.2
// Commands of wildduckctl.
#include "config.h"

#include "store.h"
