//! Names of variables and resources.

/// The words of a name: `pet`, `Id` of `petId`, `pet-id` and `pet_Id`.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for char in name.chars() {
        let begins = char.is_uppercase() && (before.is_lowercase() || before.is_ascii_digit());
        if begins || !char.is_ascii_alphanumeric() {
            words.push(String::new());
        }
        if char.is_ascii_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.push(char);
        }
        before = char;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// A name without what tells ways to write it apart: `petid` of `petId` and `pet_id`.
pub(super) fn plain_name(name: &str) -> String {
    words(name).concat().to_ascii_lowercase()
}

/// `pet` of `pets`, as English mostly has it.
pub(super) fn singular(name: &str) -> String {
    let endings = [("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("shes", "sh")];
    let lower = name.to_ascii_lowercase();
    for (many, one) in endings {
        if lower.ends_with(many) && lower.len() > many.len() + 1 {
            return format!("{}{one}", name.get(..name.len() - many.len()).unwrap_or_default());
        }
    }
    let is_plural = lower.ends_with('s') && !lower.ends_with("ss") && !lower.ends_with("us");
    let cut = name.len() - usize::from(is_plural && lower.len() > 2);
    name.get(..cut).unwrap_or(name).to_owned()
}

/// Names of parameters that say nothing about what they identify.
fn is_generic(words: &[String]) -> bool {
    let generic = ["id", "name", "key", "uuid", "guid", "slug", "sid", "code", "number", "uid"];
    matches!(words, [one] if generic.contains(&one.to_ascii_lowercase().as_str()))
}

/// Whether one of two parameters that identify the same says no more than the end of the other:
/// `Sid` and `AccountSid`.
pub(super) fn is_short_for(short: &str, long: &str) -> bool {
    let (short, long) = (words(short), words(long));
    let last = |words: &[String]| words.last().map(|word| word.to_ascii_lowercase());
    is_generic(&short) && long.len() > 1 && last(&short) == last(&long)
}

/// The name of the variable for a parameter in a path: its own where that says what it is,
/// otherwise with what stands before it: `user_id` for `/users/{id}`.
pub(super) fn variable(path_before: &str, parameter: &str) -> String {
    let own = words(parameter);
    if is_generic(&own) {
        let resource = path_before.split('/').rev().find(|segment| {
            !segment.is_empty() && !segment.contains('{') && segment.contains(char::is_alphabetic)
        });
        if let Some(resource) = resource {
            let mut all = words(&singular(resource));
            all.extend(own);
            return all.join("_").to_ascii_lowercase();
        }
    }
    let name: String =
        parameter.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let name = name.trim_matches('_');
    match name.chars().next() {
        None => "value".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("_{name}"),
        Some(_) => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_say_what_they_identify() {
        for (before, parameter, expected) in [
            ("/pets/", "petId", "petId"),
            ("/users/", "id", "user_id"),
            ("/a/{b}/categories/", "Sid", "category_sid"),
            ("/", "id", "id"),
            ("/x/", "order-id", "order_id"),
            ("/x/", "{}", "value"),
        ] {
            assert_eq!(variable(before, parameter), expected);
        }
    }

    #[test]
    fn one_of_many() {
        for (many, one) in [
            ("pets", "pet"),
            ("addresses", "address"),
            ("boxes", "box"),
            ("status", "status"),
            ("bus", "bus"),
        ] {
            assert_eq!(singular(many), one);
        }
    }
}
