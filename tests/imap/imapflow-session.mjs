// SPDX-License-Identifier: EUPL-1.2
// What a mail program does with imapflow: node imapflow-session.mjs IMAPFLOW PORT USER PASSWORD.
import assert from 'node:assert';
import { createRequire } from 'node:module';

const [folder, port, user, pass] = process.argv.slice(2);
const { ImapFlow } = createRequire(`${folder}/package.json`)('imapflow');

function make() {
    return new ImapFlow({
        host: '127.0.0.1', port: Number(port), secure: false, doSTARTTLS: false, auth: { user, pass },
        logger: false
    });
}

function message(number) {
    return `From: Alice <alice@example.com>\r\nTo: Bob <bob@example.org>\r\n` +
        `Subject: number ${number}\r\nMessage-ID: <${number}@example.com>\r\n` +
        `MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n` +
        `--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nbody of ${number}\r\n` +
        `--b\r\nContent-Type: application/octet-stream; name=a.bin\r\n` +
        `Content-Disposition: attachment; filename=a.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n` +
        `AAECAwQF\r\n--b--\r\n`;
}

async function collect(iterator) {
    const found = [];
    for await (const one of iterator) {
        found.push(one);
    }
    return found;
}

async function read(stream) {
    return Buffer.concat(await collect(stream));
}

async function checkMailboxes(client) {
    const special = Object.fromEntries((await client.list()).map(box => [box.specialUse, box.path]));
    assert.equal(special['\\Sent'], 'Sent Mail');
    assert.equal(special['\\Trash'], 'Trash');
    await client.mailboxCreate(['Größe', 'unten']);
    assert.ok((await client.list()).some(box => box.path === 'Größe/unten'));
    await client.mailboxRename('Größe/unten', 'Größe/oben');
    await client.mailboxUnsubscribe('Größe/oben');
    await client.mailboxDelete('Größe/oben');
    assert.ok(!(await client.list()).some(box => box.path === 'Größe/oben'));
}

async function checkMessages(client) {
    for (let number = 1; number <= 5; number++) {
        const flags = number === 1 ? ['\\Seen', '$Label1'] : [];
        const done = await client.append('INBOX', message(number), flags, new Date(2026, 10, number));
        assert.equal(done.uid, number);
    }
    const status = await client.status('INBOX', { messages: true, unseen: true, uidNext: true });
    assert.deepEqual([status.messages, status.unseen, status.uidNext], [5, 4, 6]);
}

async function checkReading(client) {
    const rows = await collect(client.fetch('1:*', {
        uid: true, flags: true, envelope: true, bodyStructure: true, internalDate: true, size: true,
        headers: ['subject']
    }));
    assert.equal(rows.length, 5);
    assert.equal(rows[0].envelope.subject, 'number 1');
    assert.ok(rows[0].flags.has('\\Seen') && rows[0].flags.has('$Label1'));
    assert.equal(rows[0].bodyStructure.childNodes.length, 2);
    assert.equal(rows[1].size, Buffer.byteLength(message(2)));
    assert.match(rows[2].headers.toString(), /^Subject: number 3/);
    const whole = await client.download('4');
    assert.equal((await read(whole.content)).toString(), message(4));
    const part = await client.download('4', '2');
    assert.deepEqual([...await read(part.content)], [0, 1, 2, 3, 4, 5]);
    assert.deepEqual(await client.search({ subject: 'number 3' }, { uid: true }), [3]);
    assert.deepEqual(await client.search({ seen: false, body: 'body of' }), [2, 3, 4, 5]);
}

async function checkChanges(client) {
    await client.messageFlagsAdd('2', ['\\Flagged']);
    assert.ok((await client.fetchOne('2', { flags: true })).flags.has('\\Flagged'));
    const copied = await client.messageCopy('1:2', 'Trash');
    assert.equal(copied.uidMap.size, 2);
    const moved = await client.messageMove('1', 'Junk');
    assert.equal(moved.uidMap.size, 1);
    await client.messageDelete('1');
    assert.equal((await client.status('INBOX', { messages: true })).messages, 3);
    const quota = await client.getQuota('INBOX');
    assert.ok(quota);
}

// A second connection appends, and the first hears of it in IDLE.
async function checkIdle(client) {
    const other = make();
    const heard = new Promise(resolve => client.once('exists', resolve));

    client.idle().catch(() => {});
    await other.connect();
    await other.append('INBOX', message(9));
    assert.equal((await heard).count, 4);
    await other.logout();
}

const client = make();
await client.connect();
await checkMailboxes(client);
await checkMessages(client);
const lock = await client.getMailboxLock('INBOX');
await checkReading(client);
await checkChanges(client);
await checkIdle(client);
lock.release();
await client.logout();
