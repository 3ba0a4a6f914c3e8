//! Lints of what is typed by hand, and of the actions that do the same: commands that Azure refuses after a failover, or
//! that nobody should be handed at night.

use std::ops::Range;

use super::check::Placed;
use super::diagnostic::Report;
use super::model::{Parameter, ParameterKind, Phase, Runbook, Step, System, Undo};

/// Addresses of vaults, in every cloud.
const VAULTS: [&str; 3] = [".vault.azure.net/", ".vault.usgovcloudapi.net/", ".vault.azure.cn/"];
/// Words after `az keyvault …` that change a vault or what is in it.
const VAULT_WRITES: [&str; 17] = [
    "add",
    "create",
    "delete",
    "delete-policy",
    "import",
    "merge",
    "purge",
    "recover",
    "remove",
    "restore",
    "rotate",
    "set",
    "set-attributes",
    "set-policy",
    "update",
    "update-hsm",
    "upload",
];

pub(super) fn run(p: &Placed<'_>, runbook: &Runbook, report: &mut Report<'_>) {
    let s = &p.step;
    for (i, line) in s.by_hand.iter().enumerate() {
        let at = p.element("by_hand", i, report);
        vault(line, s, runbook, at.clone(), report);
        storage(line, runbook, at.clone(), report);
        purge(line, at.clone(), report);
        secret(line, at, report);
    }
    if let Undo::ByHand(text) = &s.undo {
        purge(text, p.at("undo", report), report);
        secret(text, p.at("undo", report), report);
    }
    for (field, text) in [("why", &s.why), ("degraded", &s.degraded)] {
        secret(text, p.at(field, report), report);
    }
    let Some(node) = p.fields.node("action", report) else { return };
    let (written, at) = (&report.text[node.span.clone()], node.anchor());
    let named = |p: &&Parameter| uses(written, &p.name);
    if after_failover(s, runbook)
        && runbook.parameters.iter().filter(|p| is_vault(p)).filter(named).any(|p| !paired(p, runbook))
    {
        no_vault_write(&s.id, at.clone(), report);
    }
    let lower = written.to_ascii_lowercase();
    let (failover, purges) = (lower.contains("failover"), lower.replace("purgeprotection", "").contains("purge"));
    if purges {
        for_good(at.clone(), report);
    }
    if let Some(store) = runbook.parameters.iter().filter(|p| p.default_store && failover).find(named) {
        no_failover(&store.name, at, report);
    }
}

/// Whether a text holds the parameter or a field of it.
fn uses(text: &str, name: &str) -> bool {
    text.contains(&format!("{{{name}}}")) || text.contains(&format!("{{{name}."))
}

fn is_vault(p: &Parameter) -> bool {
    matches!(&p.kind, ParameterKind::Resource(k) if k.eq_ignore_ascii_case("Microsoft.KeyVault/vaults"))
}

/// One vault per region: it never fails over, so it can be written to as long as its own region lives.
fn paired(vault: &Parameter, runbook: &Runbook) -> bool {
    vault.differs_from.is_some()
        || runbook.parameters.iter().any(|p| is_vault(p) && p.differs_from.as_ref() == Some(&vault.name))
}

/// From the move until users are back. In the review the region is well again.
fn after_failover(s: &Step, runbook: &Runbook) -> bool {
    runbook.system != System::SoftDelete && (Phase::FailOver..Phase::Review).contains(&s.phase)
}

/// The commands of a line, each as its words.
fn commands(line: &str) -> impl Iterator<Item = Vec<&str>> {
    line.split(['|', ';', '&', '\n', '`', '$'])
        .map(|c| c.split([' ', '\t', '(', ')', '"', '\'']).filter(|w| !w.is_empty()).collect())
}

/// What stands after the first of these options, as `--name x` or `--name=x`.
fn option<'l>(words: &[&'l str], names: &[&str]) -> Option<&'l str> {
    words.iter().enumerate().find_map(|(i, w)| {
        let (name, value) = w.split_once('=').map_or((*w, None), |(n, v)| (n, Some(v)));
        names.contains(&name).then(|| value.or(words.get(i + 1).copied())).flatten()
    })
}

/// The words of `az <group> …` up to the first option.
fn az<'w, 'l>(words: &'w [&'l str], group: &str) -> Option<&'w [&'l str]> {
    let at = words.windows(2).position(|w| w[0].eq_ignore_ascii_case("az") && w[1].eq_ignore_ascii_case(group))?;
    let rest = &words[at + 2..];
    Some(&rest[..rest.iter().position(|w| w.starts_with('-')).unwrap_or(rest.len())])
}

/// Whether a request by `az rest`, `curl` and the like is more than a question.
fn changes(words: &[&str]) -> bool {
    matches!(method(words).as_str(), "put" | "post" | "patch" | "delete")
}

/// The method that such a request names, in lower case.
fn method(words: &[&str]) -> String {
    let joined = words.iter().find_map(|w| w.strip_prefix("-X").filter(|m| !m.is_empty()));
    let named = joined.or_else(|| option(words, &["--method", "-m", "-X", "--request", "-Method"]));
    named.unwrap_or_default().to_ascii_lowercase()
}

fn vault(line: &str, s: &Step, runbook: &Runbook, at: Range<usize>, report: &mut Report<'_>) {
    if !after_failover(s, runbook) {
        return;
    }
    let own = |words: &[&str]| {
        let name = option(words, &["--vault-name", "--name", "-n", "-VaultName"]).unwrap_or_default();
        let vault = runbook.parameters.iter().find(|p| is_vault(p) && uses(name, &p.name));
        vault.is_some_and(|v| paired(v, runbook))
    };
    let writes = |words: &Vec<&str>| {
        let typed = az(words, "keyvault").is_some_and(|w| w.iter().any(|w| VAULT_WRITES.contains(w)));
        let shell = words.first().and_then(|w| w.split_once("-AzKeyVault"));
        let powershell = shell.is_some_and(|(verb, _)| !matches!(verb, "Get" | "Backup" | "Test"));
        let rest = words.iter().any(|w| VAULTS.iter().any(|v| w.contains(v))) && changes(words);
        (typed || powershell || rest) && !own(words)
    };
    if commands(line).any(|words| writes(&words)) {
        no_vault_write(&s.id, at, report);
    }
}

fn no_vault_write(id: &str, at: Range<usize>, report: &mut Report<'_>) {
    let message = format!("`{id}` writes to a key vault, and a vault that has failed over can only be read");
    let fix = "do it while preparing, or keep one vault per region: two vault parameters, one of which `differs_from` \
               the other";
    report.error_do(at, "RB050", message, fix.to_owned());
}

fn storage(line: &str, runbook: &Runbook, at: Range<usize>, report: &mut Report<'_>) {
    for store in runbook.parameters.iter().filter(|p| p.default_store) {
        if failed_over(line, |w| uses(w, &store.name)) {
            return no_failover(&store.name, at, report);
        }
    }
}

/// Whether a line to be typed fails over the storage account that `is_it` knows.
pub(crate) fn failed_over(line: &str, is_it: impl Fn(&str) -> bool) -> bool {
    commands(line).any(|words| {
        let named = option(&words, &["--name", "-n", "--ids", "-Name"]);
        let shell = words.first().is_some_and(|w| w.eq_ignore_ascii_case("Invoke-AzStorageAccountFailover"));
        let typed = shell || az(&words, "storage").is_some_and(|w| w.starts_with(&["account", "failover"]));
        let typed = typed && named.map_or_else(|| words.iter().any(|w| is_it(w)), &is_it);
        typed || words.iter().any(|w| w.split_once("/failover").is_some_and(|(id, _)| is_it(id)))
    })
}

fn no_failover(store: &str, at: Range<usize>, report: &mut Report<'_>) {
    let message = format!("`{store}` is a workspace's default storage account, which no failover supports");
    let fix = "read its secondary endpoint or copy what is needed; only accounts of your own data fail over";
    report.error_do(at, "RB051", message, fix.to_owned());
}

/// Lists of what can still be recovered, in lower case.
const DELETED: [&str; 8] = [
    "deletedvaults",
    "deletedaccounts",
    "deletedsecrets",
    "deletedkeys",
    "deletedcertificates",
    "deletedmanagedhsms",
    "deletedconfigurationstores",
    "deletedworkspaces",
];

/// What is purged never comes back, and no recovery needs it.
fn purge(line: &str, at: Range<usize>, report: &mut Report<'_>) {
    let purges = |words: Vec<&str>| {
        let has = |w: &str| words.iter().any(|x| x.eq_ignore_ascii_case(w));
        let typed = ["keyvault", "cognitiveservices", "appconfig"]
            .iter()
            .filter_map(|g| az(&words, g))
            .any(|w| w.contains(&"purge"));
        let logs = az(&words, "monitor")
            .is_some_and(|w| w.starts_with(&["log-analytics", "workspace", "delete"]) && (has("--force") || has("-f")));
        let learning = az(&words, "ml").is_some() && has("--permanently-delete");
        let by_id = az(&words, "resource").is_some_and(|w| w.contains(&"delete"));
        let shell = words.first().is_some_and(|w| w.to_ascii_lowercase().starts_with("remove-az"))
            && (has("-InRemovedState") || has("-ForceDelete"));
        let clears =
            words.first().is_some_and(|w| w.to_ascii_lowercase().starts_with("clear-azappconfigurationdeleted"));
        // What is not in anything deleted is brought back by POST; a purge is a DELETE there, or names itself.
        let deletes = method(&words) == "delete";
        let rest = words.iter().any(|w| {
            let w = w.to_ascii_lowercase();
            let bin = w.split('/').any(|s| DELETED.contains(&s));
            let purge = w.split(['/', '?']).any(|s| s == "purge");
            changes(&words) && (purge || bin && deletes) || by_id && bin || w.contains("forcetopurge=true")
        });
        typed || logs || learning || shell || clears || rest
    };
    if commands(line).any(purges) {
        for_good(at, report);
    }
}

fn for_good(at: Range<usize>, report: &mut Report<'_>) {
    let message = "this purges for good what could still be recovered; no runbook here does that";
    let fix = "recover it, or wait for its date; remove this line".to_owned();
    report.error_do(at, "RB060", message, fix);
}

/// A file in Git is no place for a key.
fn secret(text: &str, at: Range<usize>, report: &mut Report<'_>) {
    /// Shorter ones are placeholders.
    const LONG: usize = 24;
    let key = |c: char| c.is_ascii_alphanumeric() || "+/=_-%".contains(c);
    let run = |t: &str| t.find(|c| !key(c)).unwrap_or(t.len());
    let after = ["AccountKey=", "SharedAccessKey=", "sig=", "--api-key ", "api-key: ", "Bearer "];
    let found = after.iter().any(|a| text.match_indices(a).any(|(i, _)| run(&text[i + a.len()..]) >= LONG))
        || text
            .match_indices("eyJ")
            .any(|(i, _)| run(&text[i..]) >= LONG && text[i + run(&text[i..])..].starts_with('.'));
    if found {
        let fix = "renew that key, and name a keyring entry or a variable instead".to_owned();
        report.error_do(at, "RB074", "this looks like a key or a token written out", fix);
    }
}
