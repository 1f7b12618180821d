//! `options`: how many users there are, when, and what each of them runs.

use oxc_span::Span;
use serde_json::{Map, Value as Json, json};

use super::machine::Machine;
use super::value::{Value, json_number};

/// A kind of user that the options ask for.
pub(super) struct Wanted<'a> {
    pub(super) name: String,
    /// The exported function that it runs.
    pub(super) exec: String,
    pub(super) environment: Vec<(String, Value<'a>)>,
    pub(super) arguments: Map<String, Json>,
}

/// Options that are the same in a plan, are in it, or have a note elsewhere.
const HEEDED: &[&str] = &[
    "thresholds",
    "scenarios",
    "stages",
    "vus",
    "vusMax",
    "duration",
    "iterations",
    "rps",
    "userAgent",
    "insecureSkipTLSVerify",
    "noConnectionReuse",
    "tlsVersion",
    "tlsAuth",
    "noCookiesReset",
    "gracefulStop",
    "minIterationDuration",
];

/// Options that change no request.
const WITHOUT_EFFECT: &[&str] = &[
    "batch",
    "batchPerHost",
    "cloud",
    "discardResponseBodies",
    "ext",
    "noUsageReport",
    "setupTimeout",
    "summaryTimeUnit",
    "summaryTrendStats",
    "systemTags",
    "tags",
    "teardownTimeout",
];

impl<'a> Machine<'a, '_> {
    /// The kinds of users of the options, and the arguments of the run.
    pub(super) fn load(&mut self, options: &Value<'a>) -> (Vec<Wanted<'a>>, Map<String, Json>) {
        let place = format!("{}: options", self.file);
        let mut run = Map::new();
        run.insert("wait_time".to_owned(), json!(0));
        if let Some(rate) =
            options.member("rps").and_then(|rate| rate.to_number()).filter(|rate| *rate > 0.0)
        {
            run.insert("max_rps".to_owned(), json_number(rate));
        }
        for (name, _) in options.members() {
            if WITHOUT_EFFECT.contains(&&*name) {
                self.notes.remark(&place, &name, "it changes no request");
            } else if !HEEDED.contains(&&*name) {
                let why = match &*name {
                    "hosts" => "`ldvm run --connect-to` leads hosts elsewhere",
                    "maxRedirects" => "30 redirects are followed at most",
                    "dns" => "names are looked up by the system",
                    "blacklistIPs" | "blockHostnames" => "a plan blocks no hosts",
                    "localIPs" => "the system chooses the address",
                    "noVUConnectionReuse" => {
                        "users keep their connections from one iteration to the next"
                    }
                    "throw" => "an iteration goes on after a request without a reply",
                    "tlsCipherSuites" => "the TLS library chooses among its safe ciphers",
                    _ => "a plan has nothing like it",
                };
                self.notes.drop(&place, &name, why);
            }
        }
        let scenarios = options.member("scenarios").map(|scenarios| scenarios.members());
        let scenarios = scenarios.filter(|scenarios| !scenarios.is_empty());
        let Some(scenarios) = scenarios else {
            let mut arguments = self.shortcut(options, &place);
            self.pace(options, &mut arguments, &place);
            self.graceful_stop(options, &mut run, &place);
            let exec = "default".to_owned();
            let wanted = Wanted { name: exec.clone(), exec, environment: Vec::new(), arguments };
            return (vec![wanted], run);
        };
        let alone = scenarios.len() == 1;
        // Each scenario ends by itself.
        run.insert("test_time".to_owned(), Json::Null);
        let mut wanted = Vec::new();
        for (name, scenario) in scenarios {
            let place = format!("{place}.scenarios.{name}");
            let mut arguments = self.scenario(&scenario, alone, &place);
            self.pace(options, &mut arguments, &place);
            self.graceful_stop(&scenario, &mut run, &place);
            if let Some(start) = scenario.member("startTime").and_then(|start| seconds(&start)) {
                if alone {
                    self.notes.remark(&place, "startTime", "there is nothing to start after");
                } else {
                    arguments.insert("start_after".to_owned(), start);
                }
            }
            let exec = scenario.member("exec").and_then(|exec| exec.to_text());
            wanted.push(Wanted {
                name: name.to_string(),
                exec: exec.unwrap_or_else(|| "default".to_owned()),
                environment: scenario
                    .member("env")
                    .map(|env| env.members())
                    .unwrap_or_default()
                    .into_iter()
                    .map(|(name, value)| (name.to_string(), value))
                    .collect(),
                arguments,
            });
        }
        (wanted, run)
    }

    /// A number of the options; what the environment may say is taken from its default.
    fn number(&mut self, value: Option<Value<'a>>, place: &str, what: &str) -> Option<f64> {
        let value = value?;
        if let Some(number) = self.settled(&value).to_number() {
            return Some(number);
        }
        self.notes.drop(place, what, "its value comes from the environment; say it in the plan");
        None
    }

    /// What an option is without an environment.
    pub(super) fn settled(&self, value: &Value<'a>) -> Value<'a> {
        let Value::Live(code) = value else { return value.clone() };
        match &**code {
            super::code::Code::Call("default", arguments) => match arguments.get(1) {
                Some(super::code::Code::Const(json)) => Value::from_json(json),
                _ => value.clone(),
            },
            super::code::Code::Name(name) => {
                self.variables.get(name).map_or_else(|| value.clone(), Value::from_json)
            }
            _ => value.clone(),
        }
    }

    fn length(&mut self, value: Option<Value<'a>>, place: &str, what: &str) -> Option<f64> {
        let value = value?;
        let found = seconds(&self.settled(&value)).and_then(|seconds| seconds.as_f64());
        if found.is_none() {
            self.notes.drop(
                place,
                what,
                "how long it is comes from the environment; say it in the plan",
            );
        }
        found
    }

    /// `vus`, `duration`, `iterations` and `stages` beside each other.
    fn shortcut(&mut self, options: &Value<'a>, place: &str) -> Map<String, Json> {
        let mut arguments = Map::new();
        let users = self.number(options.member("vus"), place, "vus");
        if let Some(stages) = options.member("stages").and_then(|stages| stages.items()) {
            let stages = self.stages(&stages, "users", place);
            let mut all = Vec::new();
            all.push(json!({"duration": 0, "users": json_number(users.unwrap_or(1.0))}));
            all.extend(stages);
            arguments.insert("load_shape".to_owned(), json!("stages"));
            arguments.insert("shape_config".to_owned(), json!({"stages": all}));
            arguments.insert("test_time".to_owned(), Json::Null);
            return arguments;
        }
        let users = users.unwrap_or(1.0).max(1.0);
        let iterations = self.number(options.member("iterations"), place, "iterations");
        let duration = self.length(options.member("duration"), place, "duration");
        Self::constant(&mut arguments, users);
        match (iterations, duration) {
            (Some(all), duration) => {
                self.shared(&mut arguments, users, all, place);
                arguments.insert("test_time".to_owned(), duration.map_or(Json::Null, json_number));
            }
            (None, Some(seconds)) => {
                arguments.insert("test_time".to_owned(), json_number(seconds));
            }
            (None, None) => {
                arguments.insert("iterations".to_owned(), json!(1));
                arguments.insert("test_time".to_owned(), Json::Null);
            }
        }
        arguments
    }

    fn constant(arguments: &mut Map<String, Json>, users: f64) {
        arguments.insert("user_count".to_owned(), json_number(users));
        // They all start at once.
        arguments.insert("spawn_rate".to_owned(), json_number(users));
    }

    /// Iterations that users share: each has its part of them.
    fn shared(&mut self, arguments: &mut Map<String, Json>, users: f64, all: f64, place: &str) {
        let each = (all / users).ceil().max(1.0);
        arguments.insert("iterations".to_owned(), json_number(each));
        if users > 1.0 {
            let why = "users share them as they are free; here each has its part";
            self.notes.approximate(place, "iterations", why);
        }
    }

    fn stages(&mut self, stages: &[Value<'a>], key: &str, place: &str) -> Vec<Json> {
        let mut made = Vec::new();
        for stage in stages {
            let target = self.number(stage.member("target"), place, "target").unwrap_or(0.0);
            let duration = self.length(stage.member("duration"), place, "duration").unwrap_or(0.0);
            let mut stage = json!({"duration": json_number(duration), key: json_number(target)});
            if key == "users"
                && let Some(stage) = stage.as_object_mut()
            {
                stage.insert("ramp".to_owned(), json!("linear"));
            }
            made.push(stage);
        }
        made
    }

    fn scenario(&mut self, scenario: &Value<'a>, alone: bool, place: &str) -> Map<String, Json> {
        let mut arguments = Map::new();
        let executor = scenario.member("executor").and_then(|executor| executor.to_text());
        let executor = executor.unwrap_or_default();
        let users = self.number(scenario.member("vus"), place, "vus").unwrap_or(1.0).max(1.0);
        match executor.as_str() {
            "shared-iterations" | "per-vu-iterations" => {
                Self::constant(&mut arguments, users);
                let all =
                    self.number(scenario.member("iterations"), place, "iterations").unwrap_or(1.0);
                if executor == "shared-iterations" {
                    self.shared(&mut arguments, users, all, place);
                } else {
                    arguments.insert("iterations".to_owned(), json_number(all));
                }
                if alone {
                    let most = self.length(scenario.member("maxDuration"), place, "maxDuration");
                    let most = most.map_or(Json::Null, json_number);
                    arguments.insert("test_time".to_owned(), most);
                } else if scenario.member("maxDuration").is_some() {
                    let why = "beside others a scenario ends with its iterations alone";
                    self.notes.approximate(place, "maxDuration", why);
                }
            }
            "ramping-vus" => {
                let start =
                    self.number(scenario.member("startVUs"), place, "startVUs").unwrap_or(1.0);
                let stages =
                    scenario.member("stages").and_then(|stages| stages.items()).unwrap_or_default();
                let stages = self.stages(&stages, "users", place);
                let mut all = Vec::new();
                if start > 0.0 {
                    all.push(json!({"duration": 0, "users": json_number(start)}));
                }
                all.extend(stages);
                arguments.insert("load_shape".to_owned(), json!("stages"));
                arguments.insert("shape_config".to_owned(), json!({"stages": all}));
            }
            "constant-arrival-rate" | "ramping-arrival-rate" => {
                self.arrival(scenario, &executor, place, &mut arguments);
            }
            other => {
                if other != "constant-vus" {
                    self.notes.approximate(place, other, "an executor that a plan does not have");
                }
                let duration =
                    self.length(scenario.member("duration"), place, "duration").unwrap_or(60.0);
                if alone {
                    Self::constant(&mut arguments, users);
                    arguments.insert("test_time".to_owned(), json_number(duration));
                } else {
                    let stage = json!({
                        "duration": json_number(duration), "users": json_number(users),
                        "spawn_rate": json_number(users),
                    });
                    arguments.insert("load_shape".to_owned(), json!("stages"));
                    arguments.insert("shape_config".to_owned(), json!({"stages": [stage]}));
                }
            }
        }
        for name in ["gracefulRampDown", "tags", "options"] {
            if scenario.member(name).is_some() {
                self.notes.approximate(place, name, "a scenario of a plan has nothing like it");
            }
        }
        arguments
    }

    /// The least time of an iteration.
    fn pace(&mut self, options: &Value<'a>, arguments: &mut Map<String, Json>, place: &str) {
        let name = "minIterationDuration";
        let Some(least) = self.length(options.member(name), place, name) else { return };
        if arguments.contains_key("arrival") {
            self.notes.drop(place, name, "users are started at a rate here");
        } else if least > 0.0 {
            arguments.insert("pace".to_owned(), json_number(least));
        }
    }

    /// How long what is under way may take at the end; of several scenarios the longest counts.
    fn graceful_stop(&mut self, from: &Value<'a>, run: &mut Map<String, Json>, place: &str) {
        let name = "gracefulStop";
        let Some(longest) = self.length(from.member(name), place, name) else { return };
        let before = run.get("stop_timeout").and_then(Json::as_f64).unwrap_or(0.0);
        if longest > before {
            run.insert("stop_timeout".to_owned(), json_number(longest));
        }
    }

    fn arrival(
        &mut self,
        scenario: &Value<'a>,
        executor: &str,
        place: &str,
        arguments: &mut Map<String, Json>,
    ) {
        let unit = scenario.member("timeUnit").and_then(|unit| seconds(&unit));
        let unit = unit.and_then(|unit| unit.as_f64()).filter(|unit| *unit > 0.0).unwrap_or(1.0);
        let (name, scale) = if (unit - 60.0).abs() < 1e-9 {
            ("m", 1.0)
        } else if (unit - 3600.0).abs() < 1e-9 {
            ("h", 1.0)
        } else {
            ("s", 1.0 / unit)
        };
        let key = if executor.starts_with("constant") { "rate" } else { "startRate" };
        let rate = self.number(scenario.member(key), place, key).unwrap_or(0.0);
        let mut arrival = Map::new();
        arrival.insert("rate".to_owned(), json_number(rate * scale));
        if name != "s" {
            arrival.insert("unit".to_owned(), json!(name));
        }
        if executor.starts_with("constant") {
            let duration =
                self.length(scenario.member("duration"), place, "duration").unwrap_or(60.0);
            arrival.insert("duration".to_owned(), json_number(duration));
        } else {
            let stages =
                scenario.member("stages").and_then(|stages| stages.items()).unwrap_or_default();
            let mut stages = self.stages(&stages, "rate", place);
            for stage in &mut stages {
                if let Some(rate) = stage.get_mut("rate") {
                    *rate = json_number(rate.as_f64().unwrap_or(0.0) * scale);
                }
            }
            arrival.insert("stages".to_owned(), Json::Array(stages));
        }
        let ready = self.number(scenario.member("preAllocatedVUs"), place, "preAllocatedVUs");
        let most = self.number(scenario.member("maxVUs"), place, "maxVUs").or(ready);
        if let Some(most) = most.filter(|most| *most >= 1.0) {
            arrival.insert("max_users".to_owned(), json_number(most));
        }
        arguments.insert("arrival".to_owned(), Json::Object(arrival));
    }

    /// Options that are fields of every task.
    pub(super) fn everywhere(&mut self, options: &Value<'a>) {
        let place = format!("{}: options", self.file);
        let holds = |name: &str| options.member(name).and_then(|value| value.truth()) == Some(true);
        let agent =
            options.member("userAgent").and_then(|agent| self.text_of(&agent, Span::default()));
        let (insecure, close) = (holds("insecureSkipTLSVerify"), holds("noConnectionReuse"));
        let mut versions = Map::new();
        if let Some(wanted) = options.member("tlsVersion") {
            let known = |value: Option<Value<'_>>| match value
                .and_then(|value| value.to_text())?
                .as_str()
            {
                "tls1.2" => Some("1.2"),
                "tls1.3" => Some("1.3"),
                _ => None,
            };
            let (least, most) = match wanted.to_text() {
                Some(_) if matches!(wanted, Value::Text(_)) => {
                    (known(Some(wanted.clone())), known(Some(wanted)))
                }
                _ => (known(wanted.member("min")), known(wanted.member("max"))),
            };
            for (key, version) in [("min_version", least), ("max_version", most)] {
                if let Some(version) = version {
                    versions.insert(key.to_owned(), json!(version));
                }
            }
            if versions.is_empty() {
                self.notes.drop(&place, "tlsVersion", "TLS 1.2 and 1.3 are spoken");
            }
        }
        let certificates =
            options.member("tlsAuth").and_then(|list| list.items()).unwrap_or_default();
        if !certificates.is_empty() {
            let why =
                "write the certificate to a file and name it in the field `cert` of the tasks";
            self.notes.drop(&place, "tlsAuth", why);
        }
        for sent in &mut self.requests {
            let task = &mut sent.task;
            if task.user == Some(super::redis::USER) {
                if insecure {
                    task.fields.entry("verify").or_insert(json!(false));
                }
                continue;
            }
            if let Some(agent) = &agent
                && crate::body::header(task, "user-agent").is_none()
            {
                task.headers.push(("User-Agent".to_owned(), agent.clone()));
            }
            let mut add = |key: &str, value: Json| {
                task.fields.entry(key).or_insert(value);
            };
            if insecure {
                add("verify", json!(false));
            }
            if close {
                add("connection", json!("close"));
            }
            if !versions.is_empty() {
                add("tls", Json::Object(versions.clone()));
            }
        }
    }
}

/// The path of a URL that may begin with a placeholder, without its query.
pub(super) fn path_of(url: &str) -> Option<String> {
    let rest = match url.split_once("://") {
        Some((_, rest)) => rest.get(rest.find('/')?..)?,
        None => url.strip_prefix("${")?.split_once('}')?.1,
    };
    Some(rest.split('?').next().unwrap_or(rest).to_owned())
}

/// A time as k6 writes it, in seconds: `1m30s`, `500ms`, or a number of milliseconds.
pub(super) fn seconds(value: &Value<'_>) -> Option<Json> {
    if let Value::Number(milliseconds) = value {
        return Some(json_number(milliseconds / 1000.0));
    }
    let text = value.to_text()?;
    let mut rest = text.trim();
    if let Ok(milliseconds) = rest.parse::<f64>() {
        return Some(json_number(milliseconds / 1000.0));
    }
    let mut all = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest.get(..digits)?.parse().ok()?;
        rest = rest.get(digits..)?;
        let end = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        all += number
            * match rest.get(..end)? {
                "ms" => 0.001,
                "s" => 1.0,
                "m" => 60.0,
                "h" => 3600.0,
                "d" => 86400.0,
                "us" | "µs" => 1e-6,
                _ => return None,
            };
        rest = rest.get(end..)?;
    }
    Some(json_number((all * 1e6).round() / 1e6))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_k6_does() {
        for (text, expected) in
            [("1m30s", json!(90)), ("500ms", json!(0.5)), ("2h", json!(7200)), ("1500", json!(1.5))]
        {
            assert_eq!(seconds(&Value::text(text)), Some(expected), "{text}");
        }
        assert_eq!(seconds(&Value::text("soon")), None);
    }
}
