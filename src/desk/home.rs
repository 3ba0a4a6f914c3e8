//! Where Lifeboat keeps its data: runs, plans, settings.

use std::path::{Path, PathBuf};

use super::DeskError;

/// The data folder.
#[derive(Debug, Clone)]
pub struct Home(PathBuf);

impl Home {
    /// The folder asked for, or the platform's.
    pub fn find(asked: Option<&Path>) -> Result<Self, DeskError> {
        if let Some(dir) = asked {
            return Ok(Self(dir.to_path_buf()));
        }
        directories::ProjectDirs::from("", "", "lifeboat")
            .map(|d| Self(d.data_dir().to_path_buf()))
            .ok_or(DeskError::NoHome)
    }

    /// The folder itself.
    pub fn dir(&self) -> &Path {
        &self.0
    }

    /// Where the runs are.
    pub fn runs(&self) -> PathBuf {
        self.0.join("runs")
    }

    /// One run's folder.
    pub fn run(&self, id: &str) -> PathBuf {
        self.runs().join(id)
    }

    /// Where a team's own runbooks and plans are.
    pub fn plans(&self) -> PathBuf {
        self.0.join("plans")
    }
}
