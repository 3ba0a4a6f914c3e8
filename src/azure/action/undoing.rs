//! Taking changes back, last first. Azure is read again: what somebody else changed since is not overwritten.

use serde_json::Value;
use url::Url;

use super::sending::{ReadBack, is_key, read_back};
use super::{Change, Effect, FieldChange, Preview, contains};
use crate::azure::{Azure, AzureError, appconfig};
use crate::clock::Task;
use crate::runbook::model::Undo;

/// What taking back these performed changes would do now. A change that no longer stands is a note, not a change.
pub async fn undo(azure: &Azure, task: &Task, done: &[Change], how: &Undo) -> Result<Preview, AzureError> {
    let mut out = Preview { read_at_utc: task.now().utc, ..Preview::default() };
    match how {
        Undo::Nothing => out.already_true = true,
        Undo::ByHand(text) => return Err(AzureError::NotPossible(format!("this is taken back by hand: {text}"))),
        Undo::Impossible => return Err(AzureError::NotPossible("this cannot be taken back".into())),
        Undo::RestorePrevious | Undo::DeleteCreated => {
            for change in done.iter().rev() {
                if *how == Undo::DeleteCreated && !change.creates() {
                    continue;
                }
                let inverse = match &change.effect {
                    Some(effect) => by_effect(azure, task, change, effect).await?,
                    None if is_key(change) => key(azure, task, change).await?,
                    None => resource(azure, task, change).await?,
                };
                match inverse {
                    Ok(c) => out.changes.push(c),
                    Err(note) => out.notes.push(note),
                }
            }
            out.already_true = out.changes.is_empty() && out.notes.is_empty();
        }
    }
    Ok(out)
}

/// The inverse, or why there is none.
type Inverse = Result<Change, String>;

async fn key(azure: &Azure, task: &Task, change: &Change) -> Result<Inverse, AzureError> {
    let now = appconfig::read(azure, task, &address(change)?).await?;
    let ours = json(change.body.as_deref());
    let name = change.fields.first().map_or("the key", |f| f.name.as_str());
    let Some(now) = now.filter(|kv| kv.value.as_deref() == ours["value"].as_str()) else {
        return Ok(Err(format!("{name} has been changed by somebody since; it is left as it is.")));
    };
    let mut back = inverse(change);
    back.if_match = Some(now.etag);
    Ok(Ok(back))
}

async fn by_effect(azure: &Azure, task: &Task, change: &Change, effect: &Effect) -> Result<Inverse, AzureError> {
    let Some(back) = &effect.back else {
        return Ok(Err(format!("Lifeboat does not take this back: {}.", change.what)));
    };
    Ok(match read_back(azure, task, change).await {
        ReadBack::Applied => Ok((**back).clone()),
        ReadBack::NotApplied => {
            Err(format!("{} is no longer as this run left it; it is left as it is.", change.target))
        }
        ReadBack::Running { .. } => Err(format!("Azure is still working on {}.", change.target)),
        ReadBack::Unknown { why } => return Err(AzureError::NotPossible(why)),
    })
}

async fn resource(azure: &Azure, task: &Task, change: &Change) -> Result<Inverse, AzureError> {
    let there = match azure.get_if_there(task, &address(change)?).await? {
        Some(answer) => Some((answer.header("etag").map(str::to_owned), answer.json()?)),
        None => None,
    };
    let (tag, there) = there.map_or((None, None), |(tag, body)| (tag, Some(body)));
    let stands = match (&there, change.method.as_str()) {
        (None, "DELETE") => true,
        (None, _) => return Ok(Err(format!("{} is gone already.", change.target))),
        (Some(_), "DELETE") => return Ok(Err(format!("{} is there again already.", change.target))),
        (Some(now), "PATCH") => contains(now, &json(change.body.as_deref())),
        (Some(now), "PUT") if change.previous.is_some() => contains(now, &json(change.body.as_deref())),
        // What this run created is deleted even if its capacity was changed since; anything else only as it left it.
        (Some(now), _) => {
            let deployment = change.target.to_ascii_lowercase().contains("/deployments/");
            change.creates() && (deployment || contains(now, &json(change.body.as_deref())))
        }
    };
    if !stands {
        return Ok(Err(format!("{} has been changed by somebody since; it is left as it is.", change.target)));
    }
    let mut back = inverse(change);
    if change.if_match.is_some() || change.only_if_absent {
        back.if_match = tag.or_else(|| there.as_ref()?["etag"].as_str().map(str::to_owned));
    }
    Ok(Ok(back))
}

fn inverse(change: &Change) -> Change {
    let (method, verb) = match (&change.previous, change.method.as_str()) {
        (None, _) => ("DELETE", "delete again"),
        (Some(_), "DELETE") => ("PUT", "create again"),
        (Some(_), method) => (if method == "PATCH" { "PATCH" } else { "PUT" }, "restore"),
    };
    let swapped = change.fields.iter().map(|f| FieldChange::new(&f.name, f.after.clone(), f.before.clone()));
    Change {
        what: format!("{verb}: {}", change.what),
        method: method.into(),
        url: change.url.clone(),
        body: change.previous.clone(),
        if_match: None,
        only_if_absent: false,
        target: change.target.clone(),
        fields: swapped.collect(),
        // Taking back a creation leaves nothing; everything else can be done again.
        previous: change.body.clone(),
        effect: None,
    }
}

fn json(text: Option<&str>) -> Value {
    text.and_then(|t| serde_json::from_str(t).ok()).unwrap_or(Value::Null)
}

fn address(change: &Change) -> Result<Url, AzureError> {
    Url::parse(&change.url).map_err(|e| AzureError::BadAddress { text: change.url.clone(), why: e.to_string() })
}
