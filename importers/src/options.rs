//! What the caller of an import can choose.

use regex::Regex;

/// What becomes of recorded pauses.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum ThinkTime {
    /// What the source says: pauses it asks for, not pauses that were merely recorded.
    #[default]
    AsWritten,
    /// All of them, also those between recorded requests.
    Recorded,
    /// None.
    None,
    /// All of them, times this.
    Scaled(f64),
}

/// What the caller of an import can choose.
#[derive(Clone, Debug)]
pub struct Options {
    /// Virtual users, unless the source says how many.
    pub users: Option<u64>,
    /// Users started per second, unless the source says so.
    pub spawn_rate: Option<f64>,
    /// Seconds the run takes, unless the source says so.
    pub duration: Option<f64>,
    /// Only requests whose URL one of these matches; all when there is none.
    pub include: Vec<Regex>,
    /// No requests whose URL one of these matches.
    pub exclude: Vec<Regex>,
    /// What the most frequent origin becomes.
    pub base_url: Option<String>,
    /// Keep headers that clients make themselves.
    pub keep_headers: bool,
    /// Keep recorded cookies.
    pub keep_cookies: bool,
    /// Leave out images, styles, scripts, fonts and calls of analytics.
    pub skip_static: bool,
    /// What becomes of pauses.
    pub think_time: ThinkTime,
    /// Only operations of a specification whose id, or method and path, one of these matches.
    pub operations: Vec<Regex>,
    /// Leave out operations that a specification calls deprecated.
    pub skip_deprecated: bool,
    /// Send the parameters and members that a specification calls optional, also those for
    /// which it says no value.
    pub optional: bool,
    /// Leave origins in URLs instead of making variables of them, for tasks that will stand in
    /// another plan.
    pub whole_urls: bool,
    /// The user type of the plan, unless requests need another.
    pub user: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            users: None,
            spawn_rate: None,
            duration: None,
            include: Vec::new(),
            exclude: Vec::new(),
            base_url: None,
            keep_headers: false,
            keep_cookies: false,
            skip_static: false,
            think_time: ThinkTime::default(),
            operations: Vec::new(),
            skip_deprecated: false,
            optional: false,
            whole_urls: false,
            user: "fast_http_user".to_owned(),
        }
    }
}
