// SPDX-License-Identifier: EUPL-1.2
// What a user is created and changed with.
#pragma once

#include "http-field.h"

extern const WdHttpField wd_http_user_create_fields[];
extern const WdHttpField wd_http_user_update_fields[];
