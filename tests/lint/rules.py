# SPDX-License-Identifier: EUPL-1.2
# The rules of the house that a program can check. Each takes a Tree and yields findings as text.
import json
import math
import os
import re
import shlex
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

from source import code_of, functions_of, line_at, room_of

C_FILES = ('.c', '.h')
SCRIPTS = ('.py', '.sh', 'meson.build')
EVERYWHERE = ('src', 'tests')

# Which rooms a room may include beside itself. Services see no other service.
ARROWS = {
    'core': (),
    'mime': ('core',),
    'store': ('core', 'mime'),
    'store/sqlite': ('core', 'mime', 'store', 'store/notify'),
    'store/mongo': ('core', 'mime', 'store', 'store/notify'),
    'store/notify': ('core', 'store'),
    'auth': ('core', 'store'),
    'net': ('core',),
    'imap': ('core', 'mime', 'store', 'auth', 'net'),
    'lmtp': ('core', 'mime', 'store', 'auth', 'net'),
    'http': ('core', 'mime', 'store', 'auth', 'net'),
    'ctl': ('core', 'store', 'auth'),
}
# Headers of the store that are for backends alone.
BACKEND_HEADERS = ('store-backend.h',)
# The one place that knows which backends there are.
BACKEND_CHOICE = ('src/store/store-open.c', 'src/store/store.c')
BACKEND_NAMES = re.compile(r'sqlite|mongo|redis', re.IGNORECASE)


def check_names(tree):
    """Base names are unique; a function that is not static begins as its file is called."""
    seen = {}
    for name in tree.list(EVERYWHERE, C_FILES):
        base = os.path.basename(name)
        if base in seen:
            yield f'{name}: {seen[base]} has the same name'
        seen[base] = name
    for name in tree.list(('src',), ('.c',)):
        stem = os.path.basename(name)[:-2]
        parts = stem.split('-')
        prefixes = ['wd_' + '_'.join(parts[:2])]
        if tree.exists(os.path.join(os.path.dirname(name), parts[0] + '.c')):
            # The room's own noun, split by verb.
            prefixes.append('wd_' + parts[0])
        if parts[0] == 'store':
            # Classes of the store go without the room: wd_mailbox_; what has none: wd_store_.
            prefixes = ['wd_store', 'wd_' + parts[-1], 'wd_' + '_'.join(parts[1:2] or parts)]
            if stem == 'store-account':
                prefixes += ['wd_user', 'wd_address', 'wd_list_query']
        for function, line, _, is_static in functions_of(tree.read(name)):
            if is_static or function == 'main':
                # Those are named by GObject's macros.
                if is_static and function.startswith('wd_') \
                        and not function.endswith(('_init', '_finalize', '_dispose')):
                    yield f'{name}:{line}: {function} is static and has the prefix wd_'
                continue
            if not any(function == p or function.startswith(p + '_') for p in prefixes):
                yield f'{name}:{line}: {function} does not begin with {prefixes[0]}_'


def check_arrows(tree):
    """The table of rooms in src/README.md says the same as the one above."""
    rows = re.findall(r'^\| `([a-z/]+)/` \|[^|]*\| ([^|]*) \|', tree.read('src/README.md'),
                      re.MULTILINE)
    for room in sorted(set(ARROWS) - {room for room, _ in rows}):
        yield f'src/README.md: {room} is not in the table'
    for room, told in rows:
        may = {word for word in re.split(r'[, ]+', told) if word in ARROWS}
        if may != set(ARROWS.get(room, ())):
            yield f'src/README.md: {room} may include {", ".join(ARROWS.get(room, ()))}'


def check_includes(tree):
    """The arrows between the rooms; a room that is not the store names no backend."""
    yield from check_arrows(tree)
    headers = {os.path.basename(h): h for h in tree.list(('src',), ('.h',))}
    for name in tree.list(('src',), C_FILES):
        room = room_of(name)
        if room not in ARROWS:
            yield f'{name}: the room {room} is not in the table of arrows'
            continue
        text = tree.read(name)
        for match in re.finditer(r'^#include "([^"]+)"', text, re.MULTILINE):
            where = f'{name}:{line_at(text, match.start())}'
            base = os.path.basename(match.group(1))
            if base not in headers:
                if base != 'config.h':
                    yield f'{where}: {base} is no header of the tree'
                continue
            other = room_of(headers[base])
            if other != room and base.endswith('-private.h') \
                    and other.split('/')[0] != room.split('/')[0]:
                yield f'{where}: {base} is private to {other}'
            if other != room and other not in ARROWS[room] and name not in BACKEND_CHOICE:
                yield f'{where}: {room} may not include {other} ({base})'
            if base in BACKEND_HEADERS and not room.startswith('store'):
                yield f'{where}: {base} is for backends alone'
        if room.split('/')[0] not in ('store', 'core'):
            for match in BACKEND_NAMES.finditer(text):
                yield f'{name}:{line_at(text, match.start())}: {room} names {match.group()}'


FORBIDDEN = [
    # What, where it is allowed, and why not elsewhere.
    (r'(strcpy|strcat|sprintf|vsprintf|gets|strtok)', (), 'has no bound'),
    (r'(atoi|atol|atoll|atof|strtol|strtoul|strtoll|strtoull)', (),
     'use g_ascii_string_to_unsigned'),
    (r'(g_error|g_assert\w*|assert)', (), 'no input may end the process'),
    (r'(time|gettimeofday|clock_gettime|g_get_real_time|g_get_monotonic_time|'
     r'g_date_time_new_now\w*)',
     # systemd, and g_cond_wait_until (), want their own clock's time.
     ('src/core/core-clock.c', 'src/net/net-notify.c', 'src/store/sqlite/sqlite-keeper.c'),
     'time comes from core-clock.h'),
    (r'(g_socket_service_\w+|g_threaded_socket_service_\w+)', (), 'spins when descriptors run out'),
    (r'(soup_server_listen(?:_all|_local)?)', (), 'goes deaf when descriptors run out'),
    (r'(system|popen|g_spawn_command_line_\w+)', (), 'starts a shell'),
    (r'(tmpnam|tempnam|mktemp)', (), 'races'),
    (r'(g_log|g_print\w*|printf|puts|perror)',
     ('src/ctl/', 'src/net/net-service', 'src/core/core-log'), 'log by core-log.h'),
]
# A pause in a poll is no sleep: up to so many microseconds by a constant. A longer one has a
# comment right above it that says why.
SLEEPS = re.compile(r'(?<![\w.>])(sleep|usleep|nanosleep|g_usleep) \(([^;]*)\);')
MAX_PAUSE_US = 20000


def check_forbidden(tree):
    """Calls that src and tests do without."""
    patterns = [(re.compile(r'(?<![\w.>])' + p + r' \('), allowed, why)
                for p, allowed, why in FORBIDDEN]
    for name in tree.list(('src',), C_FILES):
        code = code_of(tree.read(name))
        for pattern, allowed, why in patterns:
            if name.startswith(allowed) and allowed:
                continue
            for match in pattern.finditer(code):
                yield f'{name}:{line_at(code, match.start())}: {match.group(1)}: {why}'
    for name in tree.list(('tests',), C_FILES):
        if os.path.basename(name).startswith('bench-'):
            continue
        text = tree.read(name)
        code = code_of(text)
        for match in SLEEPS.finditer(code):
            above = text.split('\n')[line_at(code, match.start()) - 2]
            if above.lstrip().startswith('//'):
                continue
            factors = match.group(2).split('*')
            if match.group(1) == 'g_usleep' and all(f.strip().isdigit() for f in factors) \
                    and math.prod(int(f) for f in factors) <= MAX_PAUSE_US:
                continue
            yield f'{name}:{line_at(code, match.start())}: {match.group(1)}: wait for an event'


def check_todo(tree):
    """A TODO has the number of an issue."""
    for name in tree.list(('src', 'tests', 'units', 'data'), C_FILES + SCRIPTS):
        if name.startswith('tests/lint/'):
            continue
        text = tree.read(name)
        for match in re.finditer(r'\b(TODO|FIXME|XXX|HACK)\b(?!.{0,4}#\d)', text):
            yield f'{name}:{line_at(text, match.start())}: {match.group()} without an issue number'


def check_spdx(tree):
    """The licence line, and in C one sentence of purpose below it."""
    for name in tree.list(('src', 'tests', 'units', 'data'), C_FILES + SCRIPTS):
        lines = tree.read(name).split('\n')
        first = lines[1:2] if lines[0].startswith('#!') else lines[:1]
        if not first or 'SPDX-License-Identifier: EUPL-1.2' not in first[0]:
            yield f'{name}: no SPDX line on top'
        elif name.endswith(C_FILES) and not re.match(r'// \S.*', lines[1]):
            yield f'{name}: no sentence of purpose in line 2'
        if name.endswith('.h') and '#pragma once' not in lines:
            yield f'{name}: no #pragma once'


def check_columns(tree):
    """No line is longer than 100 columns."""
    for name in tree.list(EVERYWHERE, C_FILES + ('.py',)):
        for number, line in enumerate(tree.read(name).split('\n'), 1):
            if len(line) > 100:
                yield f'{name}:{number}: {len(line)} columns'


def check_msgid(tree):
    """Each message id is unique and has its entry in the catalog; what is logged has one."""
    text = tree.read('src/core/core-msgid.h')
    ids = re.findall(r'#define (WD_MSG_\w+) "([^"]*)"', text)
    catalog = re.findall(r'^-- (\w+)$', tree.read('data/wildduck.catalog'), re.MULTILINE)
    for name, value in ids:
        if not re.fullmatch(r'[0-9a-f]{32}', value):
            yield f'src/core/core-msgid.h: {name} is not 32 lower-case hex digits'
        if [v for _, v in ids].count(value) > 1:
            yield f'src/core/core-msgid.h: {name} is used twice'
        if value not in catalog:
            yield f'data/wildduck.catalog: no entry for {name} ({value})'
    for value in catalog:
        if value not in [v for _, v in ids]:
            yield f'data/wildduck.catalog: {value} is in no header'
    for name in tree.list(('src',), ('.c',)):
        code = code_of(tree.read(name))
        pattern = r'\bwd_log_(?:error|warning|notice|info) \(((?:[^(),]|\([^()]*\))+),\s*(\w+)'
        for match in re.finditer(pattern, code):
            if not match.group(2).startswith('WD_MSG_') and match.group(2).isupper():
                yield f'{name}:{line_at(code, match.start())}: logged without a message id'


def check_limits(tree):
    """Each limit is used by src, or its comment names the key whose default it is; each is named by
    a test."""
    header = tree.read('src/core/core-limits.h')
    used = ''.join(tree.read(n) for n in tree.list(('src',), C_FILES)
                   if not n.endswith('core-limits.h'))
    tested = ''.join(tree.read(n) for n in tree.list(('tests',), C_FILES + ('.py',)))
    comment = ''
    for line in header.split('\n'):
        if line.startswith('//'):
            comment += line
        match = re.match(r'#define (WD_LIMIT_\w+)', line)
        if match:
            name = match.group(1)
            has_key = re.search(r'\[\w+\] ?(//)? ?[a-z-]+', comment)
            if not has_key and not re.search(name + r'\b', used):
                yield f'src/core/core-limits.h: {name} is not used'
            if not re.search(name + r'\b', tested):
                yield f'src/core/core-limits.h: no test names {name}'
        elif not line.startswith('//'):
            comment = ''


LOCK = re.compile(r'^(static )?[ ]*(?:GMutex|GRecMutex|GRWLock|pthread_\w+lock_t|pthread_mutex_t)'
                  r' (\w+);', re.MULTILINE)


def locks_of(tree):
    """Each lock as the table of ranks calls it, and where it is."""
    for name in tree.list(('src',), C_FILES):
        code = code_of(tree.read(name))
        for match in LOCK.finditer(code):
            where = f'{name}:{line_at(code, match.start())}'
            if match.group(1):
                yield f'`{match.group(2)}` of `{os.path.basename(name)}`', where
                continue
            structs = re.findall(r'^(?:struct _(\w+)|typedef struct)$', code[:match.start()],
                                 re.MULTILINE)
            struct = structs and (structs[-1]
                                  or re.search(r'^} (\w+);', code[match.start():],
                                               re.MULTILINE).group(1))
            yield f'`{struct}.{match.group(2)}`', where


def check_locks(tree):
    """Each lock has its row in the table of docs/architecture.md, and each row its lock."""
    rows = re.findall(r'^\| \d \| ([^|]*) \|', tree.read('docs/architecture.md'), re.MULTILINE)
    told = [lock.strip() for row in rows for lock in row.split(', ')]
    there = dict(locks_of(tree))
    for lock, where in there.items():
        if lock not in told:
            yield f'{where}: {lock} is not in the table of docs/architecture.md'
    for lock in told:
        if lock not in there:
            yield f'docs/architecture.md: {lock} is no lock of src'


def flags_of_rooms(build):
    """Compiler arguments by folder, all of its targets' together, from compile_commands.json."""
    flags = {}
    with open(os.path.join(build, 'compile_commands.json'), encoding='utf-8') as file:
        for entry in json.load(file):
            words = [w for w in shlex.split(entry['command'])
                     if w.startswith(('-I', '-isystem', '-D', '-std', '-W', '-pthread'))]
            source = os.path.normpath(os.path.join(entry['directory'], entry['file']))
            _, known = flags.setdefault(os.path.dirname(source), (entry['directory'], []))
            known.extend(word for word in words if word not in known)
    return flags


def check_headers(tree, build=None):
    """Each header compiles alone."""
    flags = flags_of_rooms(build) if build else {}
    compiler = shlex.split(os.environ.get('CC', 'cc'))

    def compile_alone(name):
        path = os.path.abspath(tree.path(name))
        folder = os.path.dirname(path)
        while folder not in flags and len(folder) > 1:
            folder = os.path.dirname(folder)
        directory, words = flags.get(folder, (tree.root, []))
        result = subprocess.run(
            [*compiler, *words, '-I' + os.path.dirname(path), '-Werror', '-Wno-unused-function',
             '-fsyntax-only', '-include', path, '-x', 'c', '/dev/null'],
            cwd=directory, capture_output=True, text=True, check=False)
        return name, result

    with ThreadPoolExecutor(2) as pool:
        for name, result in pool.map(compile_alone, tree.list(EVERYWHERE, ('.h',))):
            if result.returncode != 0:
                yield f'{name}: does not compile alone: {result.stderr.strip().splitlines()[0]}'


def check_format(tree):
    """clang-format 18.1.8 would change nothing. Another version would, so none is asked."""
    tool = shutil.which('clang-format')
    version = tool and subprocess.run([tool, '--version'], capture_output=True, text=True,
                                      check=False).stdout
    if not version or '18.1.8' not in version:
        print('# clang-format 18.1.8 is not there: format not checked')
        raise NotImplementedError
    names = tree.list(EVERYWHERE, C_FILES)
    result = subprocess.run([tool, '--dry-run', '-Werror', *names], cwd=tree.root,
                            capture_output=True, text=True, check=False)
    seen = set()
    for line in result.stderr.splitlines():
        match = re.match(r'([^:]+:\d+):\d+: error', line)
        if match and match.group(1) not in seen:
            seen.add(match.group(1))
            yield f'{match.group(1)}: clang-format would change this'


def report_sizes(tree):
    """What is large. Not a finding: the best code here has some, too."""
    for name in tree.list(('src',), C_FILES):
        text = tree.read(name)
        n_lines = text.count('\n')
        if n_lines > 600:
            print(f'# {name}: {n_lines} lines')
        for function, line, n, _ in functions_of(text):
            if n > 60:
                print(f'# {name}:{line}: {function} has {n} lines')
    return ()


RULES = {
    'columns': check_columns,
    'forbidden': check_forbidden,
    'format': check_format,
    'headers': check_headers,
    'includes': check_includes,
    'limits': check_limits,
    'locks': check_locks,
    'msgid': check_msgid,
    'names': check_names,
    'sizes': report_sizes,
    'spdx': check_spdx,
    'todo': check_todo,
}
