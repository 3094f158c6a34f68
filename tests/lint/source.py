# SPDX-License-Identifier: EUPL-1.2
# Files of the tree, and C text without its comments and strings.
import os
import re

SKIPPED = ('build', '.git', '.quickstart', '__pycache__', 'samples', 'corpus')


class Tree:
    """The tree under `root`; paths are relative to it and have forward slashes."""

    def __init__(self, root):
        self.root = root

    def path(self, name):
        return os.path.join(self.root, name)

    def exists(self, name):
        return os.path.exists(self.path(name))

    def read(self, name):
        with open(self.path(name), encoding='utf-8') as file:
            return file.read()

    def list(self, folders, suffixes):
        """Names below `folders` that end in one of `suffixes`, sorted."""
        found = []
        for folder in folders:
            for directory, subdirectories, names in os.walk(self.path(folder)):
                subdirectories[:] = [s for s in subdirectories
                                     if s not in SKIPPED and not s.startswith('build-')]
                found += [os.path.relpath(os.path.join(directory, name), self.root)
                          for name in names if name.endswith(suffixes)]
        return sorted(found)


def room_of(name):
    """The room of a file in src: "store/sqlite", "core", or None."""
    parts = name.split('/')
    if parts[0] != 'src' or len(parts) < 3:
        return None
    return '/'.join(parts[1:-1])


TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def code_of(text, keep_strings=False):
    """The text with comments (and strings) blanked, its lines where they were."""
    def blank(match):
        token = match.group()
        if keep_strings and token[0] in '"\'':
            return token
        if token[0] in '"\'':
            return token[0] + ' ' * (len(token) - 2) + token[0]
        return re.sub(r'[^\n]', ' ', token)
    return TOKEN.sub(blank, text)


def line_at(text, position):
    return text.count('\n', 0, position) + 1


FUNCTION = re.compile(r'^([a-z_][a-z0-9_]*) \(', re.MULTILINE)


def functions_of(text):
    """(name, line, n_lines, is_static) of each function that is defined in the C text."""
    code = code_of(text)
    for match in FUNCTION.finditer(code):
        depth = 0
        end = match.end() - 1
        while end < len(code):
            depth += {'(': 1, ')': -1}.get(code[end], 0)
            end += 1
            if depth == 0:
                break
        if not code[end:].lstrip().startswith('{'):
            continue
        closing = code.find('\n}', end)
        head = code[:match.start()].rstrip('\n').rsplit('\n', 1)[-1]
        yield (match.group(1), line_at(code, match.start()),
               code.count('\n', match.start(), closing) + 2, 'static' in head.split())
