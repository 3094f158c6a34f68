// SPDX-License-Identifier: EUPL-1.2
// The incremental indexer.
#include "config.h"

#include "mime-indexer.h"
