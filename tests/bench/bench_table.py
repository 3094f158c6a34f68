# SPDX-License-Identifier: EUPL-1.2
"""Workloads put on servers in turn, and the table of what they measured."""

import json
import os
import statistics
import subprocess
import sys

from bench_servers import PASSWORD


class Bench:
    """Measures servers: the first is ours, the second, if any, the peer beside it."""

    def __init__(self, load, servers, rounds, cpu_wanted=None):
        self.load, self.servers, self.rounds = load, servers, rounds
        self.cpu_wanted = cpu_wanted  # How many times the peer's CPU time an operation is ours.
        self.cpus = os.sched_getaffinity(0)
        self.rows = []
        peer = servers[1].title if len(servers) > 1 else "-"
        print(
            f"{'workload':34} {'Wild Duck':>12} {peer:>12} {'':9} {'ratio':>8} {'wanted':>7} {'':6}"
            f"{'CPU us':>9} {'CPU us':>9}"
        )

    def command(self, server, workload, options):
        arguments = [self.load, workload, "--password", PASSWORD]
        arguments += ["--imap", f"127.0.0.1:{server.imap_port}"]
        arguments += ["--lmtp", f"127.0.0.1:{server.lmtp_port}"]
        for key, value in options.items():
            if isinstance(value, dict):
                value = value[server.name]
            arguments += [f"--{key.replace('_', '-')}", str(value)]
        return arguments

    def once(self, server, workload, options):
        cpu, written = server.cpu_seconds(), server.written_bytes()
        run = subprocess.run(
            self.command(server, workload, options), stdout=subprocess.PIPE, text=True
        )
        if run.returncode != 0:
            sys.exit(f"{server.name}: {workload} failed; see {server.dir}")
        result = json.loads(run.stdout)
        result["cpu_us"] = (server.cpu_seconds() - cpu) * 1e6 / result["operations"]
        result["written"] = server.written_bytes() - written
        return result

    def run_on(self, cpus):
        os.sched_setaffinity(0, cpus)
        for server in self.servers:
            server.run_on(cpus)

    def measure_small(self, *row, **options):
        """A row of one client's small commands, with client and servers on one processor: else it
        measures how fast the machine wakes another one, which varies fourfold."""
        self.run_on({min(self.cpus)})
        self.measure(*row, **options)
        self.run_on(self.cpus)

    def measure(self, label, workload, wanted, value, unit, smaller_is_better=False, **options):
        """One row: each server in turn, round by round; the median of the rounds."""
        figures = {server.name: [] for server in self.servers}
        for _ in range(self.rounds):
            for server in self.servers:
                figures[server.name].append(self.once(server, workload, options))
        medians = {
            name: statistics.median(value(result) for result in results)
            for name, results in figures.items()
        }
        cpu = {
            name: statistics.median(result["cpu_us"] for result in results)
            for name, results in figures.items()
        }
        self.add(label, medians, unit, wanted, smaller_is_better, cpu)
        return figures

    def add(self, label, medians, unit, wanted, smaller_is_better=False, cpu=None):
        ours, theirs = (
            [medians.get(server.name) for server in self.servers] + [None]
        )[:2]
        ratio = None
        if ours is not None and theirs is not None:
            ratio = theirs / max(ours, 1e-9) if smaller_is_better else ours / theirs
        row = {
            "workload": label, "unit": unit, "ours": ours, "peer": theirs,
            "times_better": ratio, "wanted": wanted,
            "cpu_us": [(cpu or {}).get(server.name) for server in self.servers],
        }
        row["verdict"] = self.judge(row)
        self.rows.append(row)
        print(format_row(row), flush=True)

    def judge(self, row):
        if row["times_better"] is None or not row["wanted"]:
            return ""
        if row["times_better"] < row["wanted"]:
            return "BELOW"
        ours, theirs = (row["cpu_us"] + [None])[:2]
        if self.cpu_wanted and ours is not None and ours * self.cpu_wanted > theirs:
            return "CPU"
        return "ok"


def number(value):
    if value is None:
        return "-"
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}"


def format_row(row):
    cpu = (row["cpu_us"] + [None])[:2]
    return (
        f"{row['workload']:34} {number(row['ours']):>12} {number(row['peer']):>12} "
        f"{row['unit']:9} {number(row['times_better']):>8} {number(row['wanted']):>7} "
        f"{row['verdict']:6}"
        f"{number(cpu[0]):>9} {number(cpu[1]):>9}"
    )


def rate(result):
    return result["operations"] / max(result["seconds"], 1e-9)


def median_ms(result):
    return result["median_us"] / 1000
