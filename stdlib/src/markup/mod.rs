//! XML and HTML as replies carry them: parsed under limits, searched by XPath and CSS selectors.
//!
//! A body that goes beyond the limits is taken to have nothing in it. Text that is not UTF-8 has
//! its wrong bytes replaced; other character sets are not decoded.

use ld_vm::{Value, Var};

#[doc(hidden)]
pub mod fuzz;
mod html;
mod xml;

pub(crate) use html::Css;
pub(crate) use xml::XPath;

/// What a search gives.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Matches {
    /// The texts of all that matches, in the order of the document.
    Texts(Vec<String>),
    /// A value that the path computes.
    Bool(bool),
    /// A value that the path computes.
    Number(f64),
    /// A value that the path computes.
    Text(String),
}

impl Matches {
    /// How many there are; one when the path computes a value.
    pub(crate) fn count(&self) -> usize {
        match self {
            Self::Texts(texts) => texts.len(),
            _ => 1,
        }
    }

    /// The match at a position from 0.
    pub(crate) fn get(&self, position: usize) -> Option<Value<'_>> {
        match self {
            Self::Texts(texts) => texts.get(position).map(|text| Value::Text(text.as_bytes())),
            Self::Bool(flag) => Some(Value::Bool(*flag)),
            Self::Number(number) if number.fract() == 0.0 && number.abs() < 9e15 => {
                Some(Value::Int(*number as i64))
            }
            Self::Number(number) => Some(Value::Float(*number)),
            Self::Text(text) => Some(Value::Text(text.as_bytes())),
        }
    }

    /// Stores the match at a position, or all of them as a list without one.
    pub(crate) fn store(&self, position: Option<usize>, result: &mut Var) {
        match (position, self) {
            (None, Self::Texts(texts)) if !texts.is_empty() => {
                let list = serde_json::to_vec(texts).unwrap_or_default();
                result.set(Value::Json(&list));
            }
            _ => {
                if let Some(value) = self.get(position.unwrap_or(0)) {
                    result.set(value);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEEDS: &[&str] = &[
        "//a[@b='1']\n<r><a b='1'>x<![CDATA[y]]></a><!-- c --><?p q?></r>",
        "count(//*) > 1\n<?xml version='1.0'?><s:r xmlns:s='urn:s' s:a=\"&amp;\">&#x41;</s:r>",
        "li.item:nth-child(2) > b\n<!doctype html><ul><li class=item>a<li class='item'><b>c</b></ul>",
        "table td[x=y], p\n<table><p>a<tr><td x=y>b</table><svg><a/></svg><template>t</template>",
    ];

    /// Tries bodies and paths one to a few changes away from the seeds.
    #[test]
    fn changed_bodies_and_paths_stop_nothing() {
        let mut rng = fastrand::Rng::with_seed(0x6d61_726b);
        for round in 0..6_000 {
            let mut data = SEEDS[round % SEEDS.len()].as_bytes().to_vec();
            for _ in 0..rng.usize(1..5) {
                let at = rng.usize(..data.len());
                match rng.u8(..5) {
                    0 => data.truncate(at + 1),
                    1 => data[at] ^= 1 << rng.u8(..8),
                    2 => data.insert(at, rng.choice(*b"<>/[]()'\"&;=*:@.\0\xff").unwrap()),
                    3 if data.len() > 1 => drop(data.remove(at)),
                    _ => data.extend_from_within(at..),
                }
            }
            fuzz::run(&data);
        }
    }
}
