"""Wall and processor time of a scripted rehearsal beside Chaos Toolkit's; see README.md."""

import argparse
import glob
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import venv

import thirty
from experiment import experiment

STRATEGY = "hot-warm"


def installed(folder):
    venv.create(os.path.join(folder, "venv"), with_pip=True)
    python = os.path.join(folder, "venv", "bin", "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", "chaostoolkit"], check=True)
    return os.path.join(folder, "venv", "bin", "chaos")


def timed(command, **more):
    """Wall and processor seconds of a process and those it started."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)
    wall, after = time.monotonic() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return (wall, cpu), done


def rehearse(lifeboat, home, scenario):
    return [lifeboat, "--home", home, "rehearse", scenario, "--strategy", STRATEGY, "--scripted", "--speed", "max"]


def rehearsal(command):
    """How many steps and requests it has, and how many records it leaves."""
    told = {**os.environ, "LIFEBOAT_LOG": "lifeboat::simulator=info"}
    _, done = timed([*command, "--json"], env=told)
    result = json.loads(done.stdout)
    steps, records = 0, 0
    for file in glob.glob(os.path.join(result["journal"], "*.jsonl")):
        for line in open(file, encoding="utf-8"):
            body = json.loads(line)["r"]
            records += 1
            steps = max(steps, len(body["d"].get("steps", [])) if body["kind"] == "run.start" else 0)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", done.stderr)
    return steps, int(re.findall(r"requests=(\d+)", plain)[-1]), records


def report(what, took):
    walls, cpus = [t[0] for t in took], [t[1] for t in took]
    print(
        f"{what:<66} wall: median {statistics.median(walls) * 1000:7.0f} ms, best {min(walls) * 1000:7.0f} ms;"
        f"  processor: median {statistics.median(cpus) * 1000:7.0f} ms"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lifeboat")
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--most", type=int, default=1000, help="no experiment of more actions and probes than this")
    parser.add_argument("--chaos", help="program of Chaos Toolkit; installed if not said")
    asked = parser.parse_args()
    lifeboat = os.path.abspath(asked.lifeboat)
    with tempfile.TemporaryDirectory() as folder:
        chaos = os.path.abspath(asked.chaos) if asked.chaos else installed(folder)
        home = os.path.join(folder, "home")
        thirty.write(home)
        simulate = [lifeboat, "simulate", "region-loss", "--strategy", STRATEGY, "--speed", "max"]
        simulator = subprocess.Popen(simulate, stdout=subprocess.PIPE, text=True)
        try:
            line = json.loads(simulator.stdout.readline())
            for scenario in ("bench-thirty", "region-loss"):
                compare(asked, rehearse(lifeboat, home, scenario), chaos, line, folder)
        finally:
            simulator.terminate()
            simulator.wait()


def compare(asked, command, chaos, line, folder):
    steps, requests, records = rehearsal(command)
    counts = [n for n in (steps, requests) if n <= asked.most]
    files = {count: os.path.join(folder, f"{count}.json") for count in counts}
    for count, file in files.items():
        with open(file, "w", encoding="utf-8") as out:
            json.dump(experiment(line, count), out)
    took = {"lifeboat": [], **{count: [] for count in files}}
    # In turns, so that what else the computer does strikes both alike.
    for _ in range(asked.runs):
        took["lifeboat"].append(timed(command)[0])
        for count, file in files.items():
            run = [chaos, "--no-version-check", "--no-log-file", "run", "--journal-path", file + ".out", file]
            took[count].append(timed(run, cwd=folder)[0])
            with open(file + ".out", encoding="utf-8") as out:
                journal = json.load(out)
            answers = [a["output"]["status"] for a in journal["run"]]
            if journal["status"] != "completed" or len(answers) != count or set(answers) != {200}:
                sys.exit(f"the experiment of {count} was {journal['status']}: {sorted(set(answers))}")
    report(f"lifeboat {command[4]}: {steps} steps, {requests} requests, {records} records", took["lifeboat"])
    for count in files:
        report(f"Chaos Toolkit, {count} actions and probes", took[count])


if __name__ == "__main__":
    main()
