// SPDX-License-Identifier: EUPL-1.2
// MESSAGE_IDs: never reused, each with an entry in data/wildduck.catalog (a lint compares both).
// A new one comes from `systemd-id128 new`.
#pragma once

#define WD_MSG_STARTED "d84b35f8347d4341a88a6de604ff4ec4"
#define WD_MSG_STOPPING "3783c62ebc7b4d94a73c9c82a0e9fa0c"
#define WD_MSG_CONFIG_INVALID "e1935b1e80324b07bdf6fcb8f9b30940"
#define WD_MSG_CONFIG_RELOADED "481499ca002f4690ac351add4dd7dbb1"
#define WD_MSG_LISTENER_BACKOFF "65929e982c51436fa7b70401f7a9f6ab"
#define WD_MSG_TLS_RELOADED "3cb52443c02f48a2bed83fb763d86b1a"
#define WD_MSG_LOGIN "ca4d84b0f59c4e47bdaf11a78d0380e9"
#define WD_MSG_LOGIN_FAILED "322ed8b5b8a946a0a4ca5a4d9ac789a6"
#define WD_MSG_LOGOUT "cc3d479beea3480f84209be432fe5df7"
#define WD_MSG_DELIVERED "f478338cd4ef483397d07e60f09e4f4a"
#define WD_MSG_DELIVERY_FAILED "988e1fc2a161410cb4e2e4630e94a178"
#define WD_MSG_STORE_UNAVAILABLE "8507cf9e768b4dd98dfac1c447585a3d"
#define WD_MSG_STORE_CORRUPT "11e7fe5c05de41b1aeb411aeb939fc98"
#define WD_MSG_LIMIT_REACHED "648485dca4bb43daa7b36e23493ae861"
#define WD_MSG_CLIENT_MISBEHAVED "d5e2fd22e52f4102913dfb669e00733c"
#define WD_MSG_API_CHANGED "27ecfdcb04334e5c8de93388c5bdb4c5"
#define WD_MSG_TOKEN_MADE "5f7046973f444a40b85af0444108d7eb"
#define WD_MSG_INTERNAL_ERROR "b8b2e6ecbd154f6eb06b589abea8c5aa"
