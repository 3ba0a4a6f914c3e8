//! Tests of `secrets`: names, sizes, the list, memory; the real keyring; and that no secret ever comes out anywhere.

mod canary;
pub mod service;

use std::time::Duration;

use jiff::civil::date;
use lifeboat::secrets::{EXPIRES_SOON, Expiry, Kind, Name, Platform, SecretError, Secrets, expiry, expiry_text, fits};
use lifeboat::units::Secret;

/// 2026-11-20T03:14:00Z.
fn now() -> jiff::Timestamp {
    "2026-11-20T03:14:00Z".parse().unwrap()
}

/// In a folder, with a keyring that is not asked.
fn listed(dir: &std::path::Path) -> Result<Vec<String>, SecretError> {
    let all = Secrets::in_keyring(dir, Duration::from_secs(1)).list()?;
    Ok(all.iter().map(|c| format!("{} {}", c.name, c.expires.map_or_else(|| "-".into(), |d| d.to_string()))).collect())
}

#[test]
fn a_name_is_a_system_and_a_region_and_reads_the_same_everywhere() {
    let name = Name::credential(" azure-openai ", Some("East US")).unwrap();
    assert_eq!((name.to_string().as_str(), name.user().as_str()), ("azure-openai eastus", "azure-openai/eastus"));
    assert_eq!((name.title().as_str(), name.kind().service()), ("azure-openai, East US", "lifeboat"));
    assert_eq!(name, "azure-openai/EastUS".parse().unwrap());
    assert_eq!(Name::sign_in(), "sign-in".parse().unwrap());
    let key = Name::new(Kind::SigningKey, "approver", None).unwrap();
    assert_ne!(key.kind().service(), name.kind().service(), "signing keys are apart");
    assert_eq!(Name::credential("sign-in", Some(" ")).unwrap(), Name::sign_in(), "an empty region is none");
    for (system, region) in [
        ("", None),
        ("Azure", None),
        ("a.b", None),
        ("a/b", None),
        ("-a", None),
        ("a b", None),
        (&"x".repeat(25)[..], None),
        ("0123456789abcdef0123456789abcdef", None),
        ("azure-openai", Some("0123456789abcdef0123456789abcdef")),
        ("azure-openai", Some("east.us")),
        ("azure-openai", Some("east/us")),
        ("azure-openai", Some("…")),
    ] {
        let e = Name::credential(system, region).unwrap_err();
        assert!(matches!(e, SecretError::BadName { .. }), "{system} {region:?}");
        assert!(e.to_string().contains("write"), "{e}");
    }
    let e = Name::credential("sk-ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", None).unwrap_err().to_string();
    assert!(!e.contains("ABCDEF"), "a secret in the place of a name is not shown: {e}");
    for region in lifeboat::units::known_regions() {
        assert!(Name::credential("azure-openai", Some(&region.display_name)).is_ok(), "{}", region.display_name);
    }
}

#[test]
fn what_a_platform_cannot_keep_is_said_beforehand() {
    let fit = |p, n: usize| fits(p, &Secret::new("k".repeat(n)));
    assert_eq!(fit(Platform::Windows, 1_280), Ok(()));
    let e = fit(Platform::Windows, 1_281).unwrap_err();
    assert_eq!(
        e.to_string(),
        "the secret has 1281 UTF-16 units, and the Windows Credential Manager keeps at most 1280. Where it is a \
         certificate to sign in with, that can stay in a file: lifeboat credentials set sign-in --method certificate \
         --tenant ID --client-id ID --certificate FILE"
    );
    // Outside the basic plane a character is two units there.
    assert_eq!(fits(Platform::Windows, &Secret::new("🔑".repeat(640))), Ok(()));
    assert!(fits(Platform::Windows, &Secret::new("🔑".repeat(641))).is_err());
    for p in [Platform::SecretService, Platform::Mac, Platform::Memory] {
        assert_eq!(fit(p, 64 << 10), Ok(()));
        assert!(matches!(fit(p, (64 << 10) + 1), Err(SecretError::TooLarge { most: 65_536, unit: "bytes", .. })));
        assert_eq!(fit(p, 0), Err(SecretError::Empty));
        assert_eq!(fits(p, &Secret::new("key\u{1b}[2J")), Err(SecretError::Unclean));
        assert_eq!(fits(p, &Secret::new("-----BEGIN KEY-----\nAA\n-----END KEY-----")), Ok(()));
    }
}

#[test]
fn a_day_that_comes_near_is_said_and_a_day_that_is_over_too() {
    let at = |y, m, d| expiry(Some(date(y, m, d)), now());
    assert_eq!(expiry(None, now()), Expiry::Unknown);
    assert_eq!(at(2026, 11, 20), Expiry::Soon(0));
    assert_eq!(at(2026, 12, 4), Expiry::Soon(EXPIRES_SOON));
    assert_eq!(at(2026, 12, 5), Expiry::Later);
    assert_eq!(at(2026, 11, 19), Expiry::Over(1));
    let text = |y, m, d| expiry_text(Some(date(y, m, d)), now());
    assert_eq!(text(2024, 11, 20), "expired: 2024-11-20, 730 days ago");
    assert_eq!(text(2026, 11, 19), "expired: 2026-11-19, yesterday");
    assert_eq!(text(2026, 11, 20), "expires soon: 2026-11-20, today");
    assert_eq!(text(2026, 11, 21), "expires soon: 2026-11-21, tomorrow");
    assert_eq!(text(2026, 11, 23), "expires soon: 2026-11-23, in 3 days");
    assert_eq!(text(2027, 1, 31), "expires 2027-01-31");
    assert_eq!(expiry_text(None, now()), "no expiry known");
}

#[tokio::test]
async fn memory_keeps_until_it_is_dropped_and_lists_names_only() {
    let secrets = Secrets::in_memory();
    let (east, west) =
        (Name::credential("azure-openai", Some("eastus")).unwrap(), "azure-openai/westus".parse().unwrap());
    assert!(secrets.is_memory());
    secrets.probe().await.unwrap();
    secrets.store(&east, Secret::new("first"), now(), None).await.unwrap();
    secrets.store(&east, Secret::new("second"), now(), Some(date(2027, 1, 31))).await.unwrap();
    let copy = secrets.clone();
    assert_eq!(copy.read(&east).await.unwrap().expose(), "second", "clones share it");
    assert_eq!(secrets.read(&west).await, Err(SecretError::NotThere(west.clone())));
    let all = secrets.list().unwrap();
    assert_eq!((all.len(), &all[0].name, all[0].expires), (1, &east, Some(date(2027, 1, 31))));
    assert!(!format!("{secrets:?}").contains("second"));
    copy.delete(&east).await.unwrap();
    assert_eq!(secrets.delete(&east).await, Err(SecretError::NotThere(east)));
    assert!(secrets.list().unwrap().is_empty());
}

#[tokio::test]
async fn what_was_cut_or_joined_on_the_way_is_not_kept() {
    let (secrets, key) = (Secrets::in_memory(), Name::credential("azure-openai", None).unwrap());
    let store = async |name: &Name, text: &str| secrets.store(name, Secret::new(text), now(), None).await;
    assert_eq!(store(&key, "one\ntwo").await, Err(SecretError::Unclean), "a key goes into one line of a request");
    let pem = "-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----";
    assert_eq!(store(&Name::sign_in(), pem).await, Ok(()));
    for cut in ["-----BEGIN CERTIFICATE-----", &pem.replace('\n', " ")] {
        assert_eq!(store(&Name::sign_in(), cut).await, Err(SecretError::OneLine));
    }
}

#[test]
fn the_list_is_read_without_a_keyring_and_a_damaged_one_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("credentials.json");
    assert_eq!(listed(dir.path()), Ok(vec![]), "without a file nothing is listed");
    let row = r#"{"kind":"credential","system":"azure-openai","region":"eastus","stored":"2026-11-20T03:14:00Z","expires":"2027-01-31"}"#;
    std::fs::write(&file, format!("{{\"schema\":1,\"credentials\":[{row}]}}")).unwrap();
    assert_eq!(listed(dir.path()), Ok(vec!["azure-openai eastus 2027-01-31".to_owned()]));
    // An older Lifeboat took longer names: the list with one is no damaged list, and it can be deleted.
    let long = "x".repeat(40);
    std::fs::write(&file, format!("{{\"schema\":1,\"credentials\":[{}]}}", row.replace("azure-openai", &long)))
        .unwrap();
    assert_eq!(listed(dir.path()), Ok(vec![format!("{long} eastus 2027-01-31")]));
    assert!(Name::credential(&long, None).is_err() && Name::kept(Kind::Credential, &long, None).is_ok());
    let bad_name = row.replace("azure-openai", "Azure OpenAI");
    for text in [
        "",
        "[]",
        &format!("{{\"schema\":2,\"credentials\":[{row}]}}"),
        &format!("{{\"schema\":1,\"credentials\":[{bad_name}]}}"),
        &format!("{{\"schema\":1,\"credentials\":[{}]}}", row.replace("01-31", "02-31")),
        &format!("{{\"schema\":1,\"credentials\":[{}]}}", vec![row; 20_000].join(",")),
    ] {
        std::fs::write(&file, text).unwrap();
        let e = listed(dir.path()).unwrap_err();
        assert!(matches!(e, SecretError::ListDamaged { .. }), "{e}");
        assert!(e.to_string().contains("in the keyring still"), "{e}");
    }
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    assert!(matches!(listed(dir.path()), Err(SecretError::ListRead { .. })));
}

#[test]
fn every_error_says_what_to_do() {
    let name = Name::sign_in();
    let path = std::path::PathBuf::from("/home/ada/credentials.json");
    let why = || "no reason".to_owned();
    for (e, word) in [
        (SecretError::Absent(why()), "start one"),
        (SecretError::Locked(why()), "unlock it"),
        (SecretError::Refused(why()), "try again"),
        (SecretError::NoAnswer(Duration::from_secs(30)), "within 30 s; look for its prompt"),
        (SecretError::Busy, "try again"),
        (SecretError::Forgets, "repair or replace"),
        (SecretError::Damaged(name.clone()), "`lifeboat credentials delete sign-in`"),
        (SecretError::NotThere(name), "`lifeboat credentials set sign-in`"),
        (SecretError::ListRead { path: path.clone(), why: why() }, "check its rights"),
        (SecretError::ListDamaged { path: path.clone(), why: why() }, "begins a new"),
        (SecretError::ListWrite { path, why: why() }, "check the disk"),
        (SecretError::OneLine, "give it as a file"),
        (SecretError::Thread(why()), "start Lifeboat again"),
    ] {
        assert!(e.to_string().contains(word), "{e}");
    }
}
