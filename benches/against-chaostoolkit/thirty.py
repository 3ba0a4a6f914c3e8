"""A rehearsal of thirty steps for the comparison: runbook, plan and scenario, written into a data folder's `plans`.

One decision, fourteen changes of the weights that steer users, each read back, and a reading of its own after each; a
word at the end. The world is a healthy one, so that nothing is waited for.
"""

import os

CHANGES = 14
RESOURCES = "/subscriptions/00000000-0000-4000-8000-00000000c0de/resourceGroups/"
ACCOUNTS = "/providers/Microsoft.CognitiveServices/accounts/"
VALUES = {
    "primary": "eastus",
    "secondary": "westeurope",
    "primary_resource": RESOURCES + "rg-sandbox-eastus" + ACCOUNTS + "oai-sandbox-eastus",
    "secondary_resource": RESOURCES + "rg-sandbox-westeurope" + ACCOUNTS + "oai-sandbox-westeurope",
    "store": RESOURCES + "rg-sandbox-shared/providers/Microsoft.AppConfiguration/configurationStores/appcs-sandbox",
}


def step(id, phase, kind, title, *more):
    fixed = (
        f'id: "{id}", phase: {phase}, kind: {kind}, title: "{title}", why: "Thirty steps for a comparison.",\n'
        '            degraded: "Nothing to do.", expect: "10s", target: "{store}", source: Judgement("a bench")'
    )
    return f"        Step({', '.join((fixed, *more))}),\n"


def runbook():
    steps = step("D1", "Decide", "Manual", "Decide", "decision: true", 'verify: [Person("Is it decided?")]', 'by_hand: ["true"]')
    for n in range(CHANGES):
        values = f'{{ "weight-{{primary}}": "{n}", "weight-{{secondary}}": "{100 - n}" }}'
        holds = f'verify: [AppConfigurationIs(store: "{{store}}", values: {values}, within: "1m")]'
        steps += step(
            f"W{n}", "FailOver", "Automatic", f"Weight {n}", "risk: Reversible", "rung: Network",
            f'action: SetAppConfiguration(store: "{{store}}", values: {values})', holds, "undo: RestorePrevious",
            'by_hand: ["az appconfig kv list"]', 'needs: ["D1"]' if n == 0 else f'needs: ["R{n - 1}"]',
        )
        steps += step(
            f"R{n}", "FailOver", "Verification", f"The account after weight {n}", "rung: Arm", f'needs: ["W{n}"]',
            'verify: [ArmProperty(resource: "{secondary_resource}", path: "properties.provisioningState", is: "Succeeded", within: "1m")]',
            'by_hand: ["az resource show --ids {secondary_resource}"]',
        )
    steps += step("V1", "Verify", "Manual", "Users are served", 'verify: [Person("Are they?")]', 'by_hand: ["true"]')
    account = 'kind: "Microsoft.CognitiveServices/accounts", about: "what serves"'
    return f"""#![enable(implicit_some)]
Runbook(
    schema: 2, id: "bench-thirty", title: "Thirty steps", about: "For a comparison.", system: AzureOpenAI,
    objectives: {{ HotWarm: (rto: "2h", rpo: "0s", tier: T1, source: Judgement("a bench")) }},
    parameters: {{
        "primary": Region(about: "from", role: Primary),
        "secondary": Region(about: "to", role: Secondary, differs_from: "primary"),
        "primary_resource": Resource({account}, role: Primary),
        "secondary_resource": Resource({account}, differs_from: "primary_resource", role: Secondary),
        "store": Resource(kind: "Microsoft.AppConfiguration/configurationStores", about: "the weights"),
    }},
    steps: [
{steps}    ],
)
"""


def plan():
    values = ", ".join(f'"{name}": "{value}"' for name, value in VALUES.items())
    return f"""Plan(
    schema: 1, id: "bench-thirty", title: "Thirty steps", environment: "sandbox", runbook: "bench-thirty",
    strategy: HotWarm, values: {{ {values} }},
)
"""


def scenario():
    return """#![enable(implicit_some)]
Scenario(
    schema: 1, id: "bench-thirty", title: "Thirty steps", about: "Nothing fails; only the work itself takes time.",
    plan: "bench-thirty", strategies: [HotWarm], phases: [Decide, FailOver, Verify], minutes: 5, second_person: "1s",
    world_of: "sandbox", world: World(environment: "sandbox"),
    timeline: [Happening(at: "0s", what: Inject("Move the weights."))],
    expect: Expect(decision: FailOver, outcome: Recovered, done: ["V1"]),
    answers: [
        Answer(step: "D1", answer: Decide(choice: FailOver, reason: "To see how long it takes.", expected_loss: "None."), takes: "1s"),
        Answer(step: "close", answer: SignOff(role: "service owner", statement: "As it was."), takes: "1s"),
        Answer(step: "close", answer: Close(outcome: Recovered, summary: "Thirty steps."), takes: "1s"),
        Answer(step: "*", when: Failed, answer: Retry, takes: "1s"),
        Answer(step: "*", answer: Perform, takes: "1s"),
        Answer(step: "*", answer: Confirm("Seen."), takes: "1s"),
    ],
)
"""


def write(home):
    folder = os.path.join(home, "plans")
    os.makedirs(folder, exist_ok=True)
    for name, text in (("runbook.ron", runbook()), ("plan.ron", plan()), ("scenario.ron", scenario())):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as out:
            out.write(text)


if __name__ == "__main__":
    import sys

    write(sys.argv[1])
