#!/usr/bin/python3
# SPDX-License-Identifier: EUPL-1.2
