//! `lifeboat packaging DIR`: the files of a package that come from the program itself, where Linux looks for them: pages of the
//! manual, completions, icons. Everything is made from what the program is, so that no package tells something else.

use std::io;
use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;
use image::ImageEncoder;
use image::codecs::png::PngEncoder;

use super::{Args, FAILED, FINE, completions};
use crate::ui::icon;

/// Sides of icons in pixels, from lists to large launchers.
const SIDES: [u16; 8] = [16, 24, 32, 48, 64, 128, 256, 512];

/// Writes them below `dir`, which stands for `/usr`.
pub fn run(dir: &Path) -> u8 {
    match write(&dir.join("share")) {
        Ok(()) => FINE,
        Err(e) => {
            say!("lifeboat: the package's files could not be written below {}: {e}", dir.display());
            FAILED
        }
    }
}

fn write(share: &Path) -> io::Result<()> {
    let manual = share.join("man/man1");
    std::fs::create_dir_all(&manual)?;
    clap_mangen::generate_to(Args::command(), &manual)?;
    for (shell, place) in [
        (Shell::Bash, "bash-completion/completions/lifeboat"),
        (Shell::Zsh, "zsh/vendor-completions/_lifeboat"),
        (Shell::Fish, "fish/vendor_completions.d/lifeboat.fish"),
    ] {
        put(&share.join(place), completions::text(shell).as_bytes())?;
    }
    for side in SIDES {
        let icon = icon::of_side(side);
        let mut png = Vec::new();
        PngEncoder::new(&mut png)
            .write_image(&icon.rgba, icon.width, icon.height, image::ExtendedColorType::Rgba8)
            .map_err(io::Error::other)?;
        put(&share.join(format!("icons/hicolor/{side}x{side}/apps/lifeboat.png")), &png)?;
    }
    Ok(())
}

fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir)?;
    }
    std::fs::write(path, bytes)
}
