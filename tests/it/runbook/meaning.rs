//! Lints of meaning, each with a text that shows it and one like it that does not.

use super::mistakes::Pair;

/// A runbook with a shared vault and one per region, a default store and another one, a choice and a group.
pub const WIDE: &str = r##"Runbook(
    schema: 2,
    id: "wide",
    title: "Wide",
    about: "For tests.",
    system: AzureML,
    objectives: {
        HotHot: (rto: "2h", rpo: "0s", tier: T1, source: Judgement("test")),
        HotCold: (rto: "2h", rpo: "0s", tier: T2, source: Judgement("test")),
    },
    parameters: {
        "primary": Region(about: "from", role: Primary),
        "secondary": Region(about: "to", role: Secondary, differs_from: "primary"),
        "vault": Resource(kind: "Microsoft.KeyVault/vaults", about: "of both regions"),
        "vault_a": Resource(kind: "Microsoft.KeyVault/vaults", about: "of one region"),
        "vault_b": Resource(kind: "Microsoft.KeyVault/vaults", about: "of the other", differs_from: "vault_a"),
        "default_data": Resource(kind: "Microsoft.Storage/storageAccounts", about: "workspace's", default_store: true),
        "data": Resource(kind: "Microsoft.Storage/storageAccounts", about: "training data"),
        "check": Url(about: "health page"),
        "wait": Duration(about: "patience", default: "1m"),
        "vaults": Choice(about: "how vaults are kept", of: ["shared", "own"]),
    },
    gate: "D1",
    steps: [
        Step(
            id: "P1", phase: Prepare, kind: Verification, title: "Look",
            target: "{primary} {secondary} {vault} {vault_a} {vault_b} {data} {wait}", expect: "1m",
            verify: [Http(url: "{check}")], source: Judgement("test"),
        ),
        Step(
            id: "D1", phase: Decide, kind: Manual, decision: true, title: "Decide", why: "Think.", target: "users",
            expect: "5m", source: Judgement("test"),
        ),
        Step(
            id: "F1", phase: FailOver, kind: Manual, group: "move", title: "Move one", why: "Users wait.",
            target: "users", expect: "1m", risk: Reversible, needs: ["D1"], undo: ByHand("Move back."),
            by_hand: ["az storage account show -n {data.name}"], source: Judgement("test"),
        ),
        Step(
            id: "F2", phase: FailOver, kind: Manual, group: "move", when: { "vaults": "shared" }, title: "Move two",
            why: "Users wait.", target: "users", expect: "1m", needs: ["D1"], source: Judgement("test"),
        ),
        Step(
            id: "F3", phase: FailOver, kind: Manual, when: { "vaults": "own" }, title: "Move three",
            why: "Users wait.", target: "users", expect: "1m", needs: ["D1", "P1"], source: Judgement("test"),
        ),
        Step(
            id: "V1", phase: Verify, kind: Verification, title: "See", target: "users", expect: "1m",
            verify: [Answers(region: "{secondary}", calls: 3)], source: Judgement("test"),
        ),
    ],
)
"##;

/// The command of `F1`, which is replaced by others.
const COMMAND: &str = r#"["az storage account show -n {data.name}"]"#;

/// On the wide runbook.
pub const PAIRS: &[Pair] = &[
    // --- what Azure refuses after a failover
    (
        COMMAND,
        r#"[‸"az keyvault secret set --vault-name {vault.name} -n k --value v"]"#,
        r#"["az keyvault secret show --vault-name {vault.name} -n k"]"#,
        "RB050",
        "can only be read",
    ),
    (
        COMMAND,
        r#"["true", ‸"cd x && az keyvault set-policy -n {vault.name} --spn x"]"#,
        r#"["true", "cd x && az keyvault key list --vault-name {vault.name}"]"#,
        "RB050",
        "one vault per region",
    ),
    (
        COMMAND,
        r#"[‸"az keyvault key rotate --vault-name {vault.name} -n k"]"#,
        r#"["az keyvault key rotate --vault-name {vault_b.name} -n k", "az keyvault secret set --vault-name={vault_a.name}"]"#,
        "RB050",
        "`F1` writes",
    ),
    (
        COMMAND,
        r#"[‸"az rest --method put --url https://{vault.name}.vault.azure.net/secrets/k"]"#,
        r#"["az rest --method get --url https://{vault.name}.vault.azure.net/secrets/k", "curl -m 10 https://{vault.name}.vault.azure.net/healthstatus"]"#,
        "RB050",
        "key vault",
    ),
    (
        COMMAND,
        r#"[‸"Set-AzKeyVaultSecret -VaultName {vault.name} -Name k"]"#,
        r#"["Get-AzKeyVaultSecret -VaultName {vault.name} -Name k"]"#,
        "RB050",
        "key vault",
    ),
    (
        COMMAND,
        r#"[‸"az storage account failover -n {default_data.name} --yes"]"#,
        r#"["az storage account failover -n {data.name} --yes"]"#,
        "RB051",
        "no failover supports",
    ),
    (
        COMMAND,
        r#"[‸"az storage account failover --yes --name={default_data.name}"]"#,
        r#"["az storage account show --name={default_data.name}"]"#,
        "RB051",
        "default storage account",
    ),
    (
        COMMAND,
        r#"[‸"az rest --method post --url https://management.azure.com{default_data}/failover"]"#,
        r#"["az rest --method post --url https://management.azure.com{data}/failover"]"#,
        "RB051",
        "`default_data`",
    ),
    (
        COMMAND,
        r#"[‸"az cognitiveservices account purge -n x -l {primary}"]"#,
        r#"["az cognitiveservices account list-deleted", "echo never purge"]"#,
        "RB060",
        "recover it",
    ),
    (
        COMMAND,
        r#"[‸"az ml workspace delete -n x --permanently-delete"]"#,
        r#"["az ml workspace delete -n x"]"#,
        "RB060",
        "for good",
    ),
    (
        "ByHand(\"Move back.\")",
        "‸ByHand(\"az keyvault purge -n {vault.name}\")",
        "ByHand(\"az keyvault recover -n {vault.name}\")",
        "RB060",
        "for good",
    ),
    // --- what must not stand in a file
    (
        COMMAND,
        r#"[‸"curl -H 'api-key: 0123456789abcdef0123456789abcdef' https://x"]"#,
        r#"["curl -H 'api-key: '$KEY https://x"]"#,
        "RB074",
        "key or a token",
    ),
    (
        r#"title: "Decide", why: "Think.""#,
        r#"title: "Decide", why: ‸"AccountKey=abcdefghijklmnopqrstuvwxyz0123456789==""#,
        r#"title: "Decide", why: "AccountKey=<the account's key>""#,
        "RB074",
        "keyring",
    ),
    // --- which hosts are asked
    (
        r#"Http(url: "{check}")"#,
        r#"Http(url: ‸"http://example.org/")"#,
        r#"Http(url: "https://example.org/")"#,
        "RB068",
        "https",
    ),
    (r#"Http(url: "{check}")"#, r#"Http(url: ‸"{wait}/health")"#, r#"Http(url: "{check}/health")"#, "RB068", "no Url"),
    (
        r#"Http(url: "{check}")"#,
        r#"Http(url: ‸"{check}.x.org")"#,
        r#"Http(url: "{check}?a=b")"#,
        "RB068",
        "part of its host",
    ),
    (
        r#"Http(url: "{check}")"#,
        r#"Http(url: ‸"{check}{wait}")"#,
        r#"Http(url: "{check}/{wait}")"#,
        "RB068",
        "part of its host",
    ),
    (
        r#"Http(url: "{check}")"#,
        r#"Http(url: ‸"https://{wait}.x.org/")"#,
        r#"Http(url: "https://x.org/{wait}")"#,
        "RB068",
        "depends on `wait`",
    ),
    (
        r#"Http(url: "{check}")"#,
        r#"Http(url: ‸"https://a@b.org/")"#,
        r#"Http(url: "https://b.org/@a")"#,
        "RB068",
        "no host",
    ),
    (
        r#"Http(url: "{check}")"#,
        r#"Http(url: ‸"https://{vault.name}.{wait}/")"#,
        r#"Http(url: "https://{vault.name}.vault.azure.net/healthstatus")"#,
        "RB068",
        "neither a Url nor",
    ),
    (
        r#"Http(url: "{check}")"#,
        r#"Http(url: ‸"https://www.{vault.name}")"#,
        r#"Http(url: "https://{primary}.api.cognitive.microsoft.com")"#,
        "RB068",
        "not written out",
    ),
    // --- characters that hide
    (r#""Wide""#, "\"Wi‸\u{202e}de\"", "\"Wíde →\"", "RB052", "\\u{202e}"),
    (r#""Wide""#, "\"Wi‸\u{200b}de\"", "\"Wi de\"", "RB052", "cannot be seen"),
    (r#""Wide","#, "\"Wide\", // ‸\u{1b}[2J", "\"Wide\", // [2J", "RB052", "control character"),
    (r#""Wide","#, "\"Wide\", // a‸\rb", "\"Wide\", // a\r\n", "RB052", "breaks the line"),
    (r#""Wide""#, r#"‸"Wi\u{2066}de""#, r#""W\u{ed}de""#, "RB052", "direction"),
    (r#"id: "V1""#, r#"id: ‸"V1\u{e0041}""#, r#"id: "\u{56}1""#, "RB052", "\\u{e0041}"),
    (r#"{ "vaults": "own" }"#, r#"{ ‸"vaults\u{ad}": "own" }"#, r#"{ "vaults": "own" }"#, "RB052", "pass for another"),
    // --- choices
    (r#"{ "vaults": "own" }"#, r#"{ ‸"vualts": "own" }"#, r#"{ "vaults": "own" }"#, "RB054", "did you mean `vaults`"),
    (r#"{ "vaults": "own" }"#, r#"{ ‸"wait": "1m" }"#, "{}", "RB054", "which is no choice"),
    (r#"{ "vaults": "own" }"#, r#"{ "vaults": ‸"onw" }"#, r#"{ "vaults": "own" }"#, "RB055", "did you mean `own`"),
    (r#"["shared", "own"]"#, r#"‸["shared"]"#, r#"["own", "shared"]"#, "RB073", "two or more"),
    (r#"["shared", "own"]"#, r#"‸["shared", "own", "own"]"#, r#"["shared", "own", "none"]"#, "RB073", "different"),
    (r#"needs: ["D1", "P1"]"#, r#"needs: ["D1", ‸"F2"]"#, r#"needs: ["D1", "F1"]"#, "RB061", "only one of the two"),
    // --- groups
    (
        r#"group: "move", when"#,
        r#"needs: [‸"F1"], group: "move", when"#,
        r#"group: "move", when"#,
        "RB057",
        "at the same time",
    ),
    (
        r#"group: "move", when: { "vaults": "shared" }"#,
        r#"when: { "vaults": "shared" }"#,
        r#"group: "move""#,
        "RB058",
        "only step of the group",
    ),
    (
        r#"id: "V1", phase: Verify,"#,
        r#"id: "V1", phase: Verify, group: ‸"move","#,
        r#"id: "V1", phase: Verify,"#,
        "RB056",
        "begins in the phase",
    ),
    (
        r#"kind: Manual, when: { "vaults": "own" }, title: "Move three""#,
        r#"kind: Manual, title: "Between"), Step(id: "F4", group: ‸"move", phase: FailOver, kind: Manual, title: "Move three""#,
        r#"kind: Manual, when: { "vaults": "own" }, group: "move", title: "Move three""#,
        "RB056",
        "stands between",
    ),
    // --- decisions
    ("decision: true, ", "", "decision: true, rung: Nothing, ", "RB062", "no step decides"),
    (
        "phase: Decide, kind: Manual, decision: true, title",
        "phase: Decide, kind: ‸Verification, decision: true, verify: [Answers(region: \"{primary}\", calls: 1)], title",
        "phase: Decide, kind: Manual, decision: true, title",
        "RB071",
        "no person",
    ),
    (
        r#"kind: Verification, title: "Look""#,
        r#"kind: Manual, decision: true, why: "x", title: "Look""#,
        r#"kind: Verification, title: "Look!""#,
        "RB072",
        "a run asks once",
    ),
    (
        r#"id: "D1", phase: Decide, kind: Manual, decision: true, "#,
        r#"id: "D1", phase: Verify, kind: Manual, decision: true, "#,
        r#"id: "D1", phase: Decide, kind: Manual, decision: true, "#,
        "RB063",
        "before `D1` has decided",
    ),
    // --- what trips a person over
    ("system: AzureML", "system: ‸OperatorInsights", "retired: \"gone\", system: OperatorInsights", "RB059", "retired"),
    (r#", differs_from: "primary""#, "", r#", differs_from: "primary""#, "RB065", "nothing keeps a plan"),
    (
        r#"title: "Move three""#,
        r#"title: ‸"Move the users who are left over there, the ones nobody has thought of before, one by one""#,
        r#"title: "Move the users who are left over there, the ones nobody has thought of before""#,
        "RB066",
        "characters",
    ),
    (r#"title: "See""#, r#"second_person: ‸"It is late", title: "See""#, r#"title: "See""#, "RB069", "has to wait"),
    (r#"expect: "5m""#, r#"expect: ‸"0s""#, r#"expect: "1s""#, "RB070", "no time"),
    (
        r#"id: "V1", phase: Verify, kind: Verification, title: "See""#,
        r#"id: "V1", phase: Verify, kind: Automatic, title: "See", must_hold_in: [HotHot], do_in: [], risk: Reversible, undo: DeleteCreated, by_hand: ["x"], action: ‸DeleteCreatedDeployments(account: "{vault}")"#,
        r#"id: "V1", phase: Verify, kind: Automatic, title: "See", must_hold_in: [HotHot], do_in: [HotCold], risk: Reversible, undo: DeleteCreated, by_hand: ["x"], action: DeleteCreatedDeployments(account: "{data}")"#,
        "RB064",
        "never done",
    ),
    (
        r#"id: "V1", phase: Verify, kind: Verification, title: "See""#,
        r#"id: "V1", phase: Verify, kind: Automatic, title: "See", risk: Reversible, undo: DeleteCreated, by_hand: ["x"], action: ‸DeleteCreatedDeployments(account: "{vault}")"#,
        r#"id: "V1", phase: Verify, kind: Automatic, title: "See", risk: Reversible, undo: DeleteCreated, by_hand: ["x"], action: DeleteCreatedDeployments(account: "{vault_b}")"#,
        "RB050",
        "`V1` writes",
    ),
    // --- older ones that no small step shows
    (
        "objectives: {\n",
        "components: { ‸\"left\": (title: \"Left over\", strategies: [HotHot], usual: HotHot) }, objectives: {\n",
        "objectives: {\n",
        "RB040",
        "no step belongs",
    ),
    (
        "verify: [Answers(region: \"{secondary}\", calls: 3)], ",
        "",
        "verify: [Answers(region: \"{secondary}\", calls: 1)], ",
        "RB043",
        "verifies nothing",
    ),
    (
        r#"needs: ["D1"], source"#,
        r#"do_in: [HotHot], needs: [‸"V1"], source"#,
        r#"needs: ["D1"], source"#,
        "RB014",
        "comes after",
    ),
    (r#"why: "Think.""#, r#"do_in: [HotHot], why: "Think.""#, r#"why: "Think!""#, "RB062", "moved in HotCold"),
    (
        r#"id: "F3", phase: FailOver, kind: Manual, when: { "vaults": "own" }, title: "Move three","#,
        r#"id: "F3", phase: FailOver, kind: Manual, do_in: [HotHot], title: "Move three"),
        Step(id: "F4", phase: FailOver, do_in: [HotCold], kind: Manual, title: "Move four", needs: [‸"F3"], target: "x"),
        Step(id: "F5", phase: FailOver, kind: Manual, title: "Move five","#,
        r#"id: "F3", phase: FailOver, kind: Manual, title: "Move three","#,
        "RB015",
        "in no strategy",
    ),
];
