// SPDX-License-Identifier: EUPL-1.2
// Which handler a method and a path belong to.
#pragma once

#include "http-request.h"

typedef struct
{
  const char *method;
  const char *path; // "/users/:user/mailboxes": a level with a colon takes anything but nothing.
  const char *summary;
  const WdHttpField *fields;
  // Returns (transfer full). Worker thread.
  WdHttpReply *(*handler) (const WdHttpRequest *request);
} WdHttpRoute;

// All routes, table after table: TRUE with the next one in `out_route`, from *position = 0 on.
gboolean wd_http_route_next (guint *position, const WdHttpRoute **out_route);

// The route for the method (HEAD counts as GET) and the encoded path. Returns (transfer none)
// (nullable): NULL, with the methods that the path does have in `out_allow`, separated by commas,
// or NULL there when there is no such path. `out_params` gets the levels with a colon, decoded.
const WdHttpRoute *
wd_http_route_find (const char *method, const char *path, JsonObject **out_params, char **out_allow)
    G_GNUC_WARN_UNUSED_RESULT;
