//! A plan far larger than anyone writes by hand, such as an importer makes of a long
//! recording: for the time of the compiler and the loader.

use std::fmt::Write;

/// The number of tasks the target is set for; about 5 MB of JSON.
pub const TASKS: u32 = 10_000;

/// A plan of so many different tasks, each with headers, a body with slots of every
/// common kind, two assertions and an extract that the next task uses.
#[must_use]
pub fn big_plan(tasks: u32) -> String {
    let mut plan = String::from(
        r#"{"load_density": [["LD_start_test", {
  "user_detail_dict": {"user": "fast_http_user"}, "host": "http://127.0.0.1:8080",
  "user_count": 100, "spawn_rate": 10, "test_time": 60,
  "variables": {"tenant": "acme", "token": "none"},
  "tasks": [
"#,
    );
    for task in 0..tasks {
        let comma = if task + 1 < tasks { "," } else { "" };
        let method = ["post", "put", "patch"].get(task as usize % 3).copied().unwrap_or_default();
        // Writing to a String cannot fail.
        let _ = writeln!(
            plan,
            r#"    {{"method": "{method}", "request_url": "/${{tenant}}/orders/{task}?page={page}", "name": "step {task}",
     "headers": {{"Authorization": "Bearer ${{token}}", "X-Step": "{task}", "Accept-Language": "en-GB"}},
     "json": {{"id": "${{uuid()}}", "step": {task}, "quantity": "${{randint(1, 99)}}", "note": "line {task} of the recording, kept as it was sent"}},
     "assertions": [{{"type": "status_code", "value": 200}}, {{"type": "json_path", "path": "data.step", "value": {task}}}],
     "extract": [{{"var": "token", "from": "json_path", "path": "data.token"}}]}}{comma}"#,
            page = task % 7,
        );
    }
    plan.push_str("  ]}]]}\n");
    plan
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_json_with_as_many_tasks_as_asked_for() {
        let plan: serde_json::Value = serde_json::from_str(&big_plan(7)).unwrap();
        assert_eq!(plan["load_density"][0][1]["tasks"].as_array().unwrap().len(), 7);
    }

    #[test]
    fn is_about_as_large_as_the_target_says() {
        let bytes = big_plan(TASKS).len();
        assert!((4_500_000..6_500_000).contains(&bytes), "{bytes} bytes");
    }
}
