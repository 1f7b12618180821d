//! Bodies of multipart forms (RFC 7578), as browsers record them: as text, with the content of
//! files left out or in a coding that has suffered.

/// A part of a form.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) file_name: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) content: String,
}

/// The parts of a body; none when it is no such form.
pub(super) fn parse(text: &str, content_type: &str) -> Option<Vec<Part>> {
    let boundary = parameter(content_type, "boundary")
        .or_else(|| text.trim_start().strip_prefix("--")?.lines().next().map(str::to_owned))?;
    if boundary.is_empty() {
        return None;
    }
    let delimiter = format!("--{boundary}");
    let (_, mut rest) = text.split_once(&delimiter)?;
    let mut parts = Vec::new();
    while !rest.starts_with("--") {
        let rest_of_line = rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix('\n'))?;
        let (part, behind) = rest_of_line.split_once(&delimiter).unwrap_or((rest_of_line, "--"));
        parts.push(self::part(part)?);
        rest = behind;
    }
    (!parts.is_empty()).then_some(parts)
}

fn part(text: &str) -> Option<Part> {
    let (head, content) = text.split_once("\r\n\r\n").or_else(|| text.split_once("\n\n"))?;
    let end = content.strip_suffix("\r\n").or_else(|| content.strip_suffix("\n"));
    let mut part = Part { content: end.unwrap_or(content).to_owned(), ..Part::default() };
    for line in head.lines() {
        let Some((name, value)) = line.split_once(':') else { continue };
        let value = value.trim();
        if name.eq_ignore_ascii_case("content-disposition") {
            part.name = parameter(value, "name")?;
            part.file_name = parameter(value, "filename");
        } else if name.eq_ignore_ascii_case("content-type") {
            part.content_type = Some(value.to_owned());
        }
    }
    Some(part)
}

/// The value of a parameter of a header, without its quotes.
pub(super) fn parameter(header: &str, name: &str) -> Option<String> {
    let mut rest = header.split_once(';')?.1;
    loop {
        rest = rest.trim_start_matches([';', ' ', '\t']);
        let (key, after) = rest.split_once('=')?;
        let (value, behind) = match after.strip_prefix('"') {
            Some(quoted) => {
                let end = quoted.find('"').unwrap_or(quoted.len());
                (quoted.get(..end)?, quoted.get(end + 1..).unwrap_or_default())
            }
            None => {
                let end = after.find(';').unwrap_or(after.len());
                (after.get(..end)?.trim(), after.get(end..).unwrap_or_default())
            }
        };
        if key.trim().eq_ignore_ascii_case(name) {
            return Some(value.to_owned());
        }
        rest = behind;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_files_are_told_apart() {
        let text = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\ny\r\n--b\r\n\
            Content-Disposition: form-data; name=\"f\"; filename=\"p.gif\"\r\nContent-Type: image/gif\r\n\
            \r\n\r\n--b--\r\n";
        let parts = parse(text, "multipart/form-data; boundary=b").unwrap();
        let field = Part { name: "a".to_owned(), content: "x\r\ny".to_owned(), ..Part::default() };
        let file = Part {
            name: "f".to_owned(),
            file_name: Some("p.gif".to_owned()),
            content_type: Some("image/gif".to_owned()),
            ..Part::default()
        };
        assert_eq!(parts, [field, file]);
    }

    #[test]
    fn what_is_no_form_has_no_parts() {
        for text in ["", "--b", "--b\r\n", "--b--", "a=b", "--b\r\nContent-Disposition: x"] {
            assert_eq!(parse(text, "multipart/form-data; boundary=b"), None, "{text}");
        }
        assert_eq!(parse("", "multipart/form-data"), None);
    }
}
