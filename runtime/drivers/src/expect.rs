//! What a task expects of a payload, as failures tell it.

use ld_stdlib::json::repr;
use ld_vm::{Fault, FaultClass, Value};

/// The payload came and the text is not in it.
pub(crate) fn unmet(expected: &[u8]) -> Fault {
    let mut text = String::from("expected ");
    repr(Value::Text(expected), &mut text);
    text.push_str(" in response");
    Fault::new(FaultClass::Assertion, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_quoted_as_the_reference_does() {
        assert_eq!(unmet(b"pong").text, "expected 'pong' in response");
        assert_eq!(unmet(b"it's").text, "expected \"it's\" in response");
        assert_eq!(unmet(b"a\nb").text, r"expected 'a\nb' in response");
    }
}
