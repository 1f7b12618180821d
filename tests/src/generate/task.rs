//! Requests of random plans, with checks and extracts.

use serde_json::{Map, Value, json};

use super::Maker;

impl Maker {
    /// One request.
    pub(super) fn task(&mut self) -> Value {
        let method = self.choose(&["get", "post", "put", "delete"]);
        let mut task = Map::new();
        let mut put = |key: &str, value: Value| _ = task.insert(key.to_owned(), value);
        put("method", json!(method));
        put("name", json!(self.name("task")));
        let url = match self.rng.u32(..4) {
            0 => "/".to_owned(),
            1 => format!("/{}/list?page={}", self.placeholder(), self.placeholder()),
            2 => "/orders?q=a%20b".to_owned(),
            _ => format!("/x/{}", self.placeholder()),
        };
        put("request_url", json!(url));
        if self.one_in(3) {
            put("headers", json!({"X-Tenant": self.text(), "Accept-Language": "en"}));
        }
        if self.one_in(3) {
            put("params", json!({"a": self.text(), "b": [1, self.placeholder()], "c": true}));
        }
        if matches!(method, "post" | "put") {
            match self.rng.u32(..4) {
                0 => put("json", self.document(2)),
                1 => put("data", json!({"user": self.text(), "p w": self.literal()})),
                2 => put("data", json!(self.text())),
                _ => {}
            }
        }
        if self.one_in(4) {
            put("think_time", self.pause());
        }
        if self.one_in(2) {
            let checks = (0..self.rng.u32(1..4)).map(|_| self.check()).collect();
            put("assertions", Value::Array(checks));
        }
        if self.one_in(2) {
            let extracts = (0..self.rng.u32(1..3)).map(|_| self.extract()).collect();
            put("extract", Value::Array(extracts));
        }
        self.conditions(&mut task);
        Value::Object(task)
    }

    /// A body in JSON.
    fn document(&mut self, depth: u32) -> Value {
        match self.rng.u32(..if depth == 0 { 4 } else { 6 }) {
            0 => json!(self.text()),
            1 => json!(self.placeholder()),
            2 => json!(self.rng.i32(-9..1000)),
            3 => self.choose(&[Some(true), None]).map_or(Value::Null, Value::from),
            4 => json!([self.document(depth - 1), self.document(depth - 1)]),
            _ => json!({"id": self.document(depth - 1), "ä \"": self.document(depth - 1)}),
        }
    }

    /// A check that can be met or not.
    fn check(&mut self) -> Value {
        let path = self.choose(&["token", "data.id", "ids.-1", "ids.0", "nothing", "$.ids[*]"]);
        let mut check = match self.rng.u32(..10) {
            0 => json!({"type": "status_code", "value": self.choose(&[200, 201])}),
            1 => json!({"type": "contains", "value": self.text()}),
            2 => json!({"type": "not_contains", "value": "<html"}),
            3 => json!({"type": "json_path", "path": path, "value": self.placeholder()}),
            4 => json!({"type": "json_path", "path": path, "exists": self.rng.bool()}),
            5 => json!({"type": "json_path", "path": "page", "op": "le", "value": 2}),
            6 => json!({"type": "json_path", "path": "ids", "count": 2}),
            7 => json!({"type": "regex", "pattern": self.choose(&["t-[0-9]+", "^<", "${seen}"])}),
            8 => json!({"type": "size", "op": "ge", "value": 10}),
            _ => json!({"type": "header", "name": "X-Where", "value": "page"}),
        };
        if let (true, Some(check)) = (self.one_in(4), check.as_object_mut()) {
            check.insert("soft".to_owned(), json!(true));
        }
        check
    }

    /// An extract that finds something or nothing.
    fn extract(&mut self) -> Value {
        let mut extract = match self.rng.u32(..7) {
            0 => json!({"var": "seen", "from": "json_path", "path": "data.token"}),
            1 => json!({"var": "seen_list", "from": "json_path", "path": "ids"}),
            2 => json!({"var": "seen", "from": "status_code"}),
            3 => json!({"var": "seen", "from": "header", "name": "X-Where"}),
            4 => json!({"var": "seen", "from": "regex", "pattern": "t-([0-9]+)"}),
            5 => json!({"var": "seen", "from": "boundary", "left": "\"id\": ", "right": ","}),
            _ => json!({"var": "word", "from": "json_path", "path": "$.data.next"}),
        };
        if let Some(extract) = extract.as_object_mut() {
            match self.rng.u32(..5) {
                0 => _ = extract.insert("default".to_owned(), json!("none")),
                1 => _ = extract.insert("required".to_owned(), json!(true)),
                _ => {}
            }
        }
        extract
    }
}
