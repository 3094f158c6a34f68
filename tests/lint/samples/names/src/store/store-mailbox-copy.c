// SPDX-License-Identifier: EUPL-1.2
// A sample.
void
wd_mailbox_copy (void)
{
}

void
wd_message_copy (void)
{
}
