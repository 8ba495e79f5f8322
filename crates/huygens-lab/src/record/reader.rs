//! Reading a store, complete or not.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::axis::{Axis, Grid, Spacing};
use super::layout::{Column, ColumnKind, Counts, FORMAT, MESSAGE, STATUS};
use super::zarr::{self, ArrayMeta, Kind, read_if_there};
use super::{RecordError, Result};

/// A store that is there, complete or not.
#[derive(Clone, Debug)]
pub struct SweepStore {
    root: PathBuf,
    attributes: Map<String, Value>,
    grid: Grid,
    axes: Vec<StoredAxis>,
    columns: Vec<(Column, ArrayMeta)>,
    status: ArrayMeta,
    message: ArrayMeta,
}

/// An axis as it was swept.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredAxis {
    /// Name of the parameter.
    pub name: String,
    /// Unit, empty where it is not known.
    pub unit: String,
    /// What the parameter is; may be empty.
    pub description: String,
    /// Spacing of the values.
    pub spacing: Spacing,
    /// The values.
    pub values: Vec<f64>,
}

impl StoredAxis {
    /// The values of an axis.
    pub fn of(axis: &Axis) -> Self {
        Self {
            name: axis.name().into(),
            unit: axis.unit.clone(),
            description: axis.description.clone(),
            spacing: axis.spacing(),
            values: axis.values().collect(),
        }
    }
}

impl SweepStore {
    /// Opens a store that a sweep has written.
    ///
    /// # Errors
    /// [`RecordError::NotAStore`] where there is none, [`RecordError::Read`] where it cannot be read.
    pub fn open(root: &Path) -> Result<Self> {
        let foreign = |why: &str| RecordError::NotAStore { path: root.into(), why: why.into() };
        let Some(bytes) = read_if_there(&root.join("zarr.json"))? else {
            return Err(foreign(if root.exists() { "it has no zarr.json" } else { "there is nothing" }));
        };
        let group: Value =
            serde_json::from_slice(&bytes).map_err(|e| foreign(&format!("its zarr.json cannot be read: {e}")))?;
        let attributes = group["attributes"].as_object().cloned().unwrap_or_default();
        if attributes.get("huygens_format") != Some(&json!(FORMAT)) {
            return Err(foreign("it is no sweep of Huygens, or one of another version"));
        }
        let damaged = || foreign("its metadata are damaged");
        let texts = attributes.get("sweep").and_then(Value::as_str).ok_or_else(damaged)?;
        let axes: Option<Vec<Axis>> = texts.split(' ').map(|t| Axis::parse(t).ok()).collect();
        let grid = axes.and_then(|axes| Grid::new(axes).ok()).ok_or_else(damaged)?;
        let metadata = group["consolidated_metadata"]["metadata"].as_object().ok_or_else(damaged)?;
        let array = |name: &str| metadata.get(name).and_then(|value| ArrayMeta::from_json(name, value));
        let status = array(STATUS).filter(|a| a.shape == grid.shape() && a.kind == Kind::Byte).ok_or_else(damaged)?;
        let message = array(MESSAGE).filter(|a| a.shape == grid.shape() && a.kind == Kind::Text).ok_or_else(damaged)?;
        let grid = grid.with_chunk_shape(&status.chunk);
        let text = |a: &ArrayMeta, key: &str| a.attributes.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
        let mut stored = Vec::new();
        for (axis, name) in grid.axes().iter().zip(&status.dimensions) {
            let meta =
                array(name).filter(|a| a.shape == [axis.count()] && a.kind == Kind::Float).ok_or_else(damaged)?;
            let mut values = Vec::new();
            for piece in 0..axis.count().div_ceil(meta.chunk[0]) {
                let path = root.join(meta.chunk_path(&[piece]));
                let chunk = read_if_there(&path)?.and_then(|bytes| zarr::decode_floats(&bytes, meta.chunk[0] as usize));
                values.extend(chunk.ok_or(RecordError::Damaged { path })?);
            }
            values.truncate(axis.count() as usize);
            stored.push(StoredAxis {
                name: axis.name().into(),
                unit: text(&meta, "units"),
                description: text(&meta, "description"),
                spacing: axis.spacing(),
                values,
            });
        }
        let mut columns = Vec::new();
        for name in metadata.keys().filter(|n| *n != STATUS && *n != MESSAGE && !status.dimensions.contains(n)) {
            let meta =
                array(name).filter(|a| a.shape == grid.shape() && a.chunk == status.chunk).ok_or_else(damaged)?;
            let kind = if meta.kind == Kind::Short {
                ColumnKind::Category(text(&meta, "flag_meanings").split(' ').map(String::from).collect())
            } else {
                ColumnKind::Number
            };
            let column = Column {
                name: text(&meta, "long_name"),
                unit: text(&meta, "units"),
                description: text(&meta, "description"),
                kind,
            };
            columns.push((column, meta));
        }
        columns.sort_by_key(|(_, meta)| meta.attributes.get("column").and_then(Value::as_u64));
        Ok(Self { root: root.into(), attributes, grid, axes: stored, columns, status, message })
    }

    /// Provenance: the attributes of the data set.
    pub fn attributes(&self) -> &Map<String, Value> {
        &self.attributes
    }

    /// The grid.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// The axes with their values.
    pub fn axes(&self) -> &[StoredAxis] {
        &self.axes
    }

    /// The columns, in the order in which they were asked for.
    pub fn columns(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().map(|(column, _)| column)
    }

    /// Goes through the chunks of an array; `None` for a chunk that is not there.
    fn each_chunk<T>(
        &self,
        array: &ArrayMeta,
        decode: impl Fn(&[u8], usize) -> Option<Vec<T>>,
        mut visit: impl FnMut(u64, Option<Vec<T>>),
    ) -> Result<()> {
        for chunk in 0..self.grid.chunks() {
            let path = self.root.join(array.chunk_path(&self.grid.chunk_coordinates(chunk)));
            let values = match read_if_there(&path)? {
                None => None,
                Some(bytes) => Some(decode(&bytes, self.grid.chunk_len()).ok_or(RecordError::Damaged { path })?),
            };
            visit(chunk, values);
        }
        Ok(())
    }

    fn gather<T: Clone>(
        &self,
        array: &ArrayMeta,
        fill: T,
        decode: impl Fn(&[u8], usize) -> Option<Vec<T>>,
    ) -> Result<Vec<T>> {
        let mut out = vec![fill; self.grid.len() as usize];
        self.each_chunk(array, decode, |chunk, values| {
            if let Some(values) = values {
                for (place, index) in self.grid.chunk_points(chunk) {
                    out[index as usize] = values[place].clone();
                }
            }
        })?;
        Ok(out)
    }

    /// A column over the whole grid in row-major order, NaN where there is no value.
    ///
    /// # Errors
    /// [`RecordError::NoColumn`] for a name that is not there, [`RecordError::Damaged`] or [`RecordError::Read`] for a chunk
    /// that cannot be read.
    pub fn column(&self, name: &str) -> Result<Vec<f64>> {
        let Some((_, array)) = self.columns.iter().find(|(column, _)| column.name == name) else {
            let names = self.columns.iter().map(|(c, _)| format!("`{}`", c.name)).collect::<Vec<_>>().join(", ");
            return Err(RecordError::NoColumn { path: self.root.clone(), name: name.into(), names });
        };
        match array.kind {
            Kind::Short => self.gather(array, f64::NAN, zarr::decode_shorts),
            _ => self.gather(array, f64::NAN, zarr::decode_floats),
        }
    }

    /// The status codes over the whole grid in row-major order (see [`PointStatus`](super::PointStatus)).
    ///
    /// # Errors
    /// As [`SweepStore::column`].
    pub fn status(&self) -> Result<Vec<i8>> {
        self.gather(&self.status, 0, zarr::decode_bytes)
    }

    /// The messages that there are, by the number of the point.
    ///
    /// # Errors
    /// As [`SweepStore::column`].
    pub fn messages(&self) -> Result<BTreeMap<u64, String>> {
        let mut out = BTreeMap::new();
        self.each_chunk(&self.message, zarr::decode_texts, |chunk, texts| {
            if let Some(texts) = texts {
                let there = self.grid.chunk_points(chunk).filter(|(place, _)| !texts[*place].is_empty());
                out.extend(there.map(|(place, index)| (index, texts[place].clone())));
            }
        })?;
        Ok(out)
    }

    /// How many points have which status, without reading the values.
    ///
    /// # Errors
    /// As [`SweepStore::column`].
    pub fn counts(&self) -> Result<Counts> {
        let mut counts = Counts::default();
        self.each_chunk(&self.status, zarr::decode_bytes, |chunk, status| {
            let points = self.grid.chunk_points(chunk);
            points.for_each(|(place, _)| counts.add(status.as_ref().map_or(0, |s| s[place])));
        })?;
        Ok(counts)
    }

    /// The numbers of the points that are not computed yet, in the grid's order; [`Grid::point`] gives their parameters.
    ///
    /// # Errors
    /// As [`SweepStore::column`].
    pub fn missing(&self) -> Result<Vec<u64>> {
        let status = self.status()?;
        Ok(status.iter().enumerate().filter(|(_, s)| **s == 0).map(|(i, _)| i as u64).collect())
    }

    /// Everything in the store, in memory.
    ///
    /// # Errors
    /// As [`SweepStore::column`].
    pub fn load(&self) -> Result<SweepData> {
        let mut columns = Vec::with_capacity(self.columns.len());
        for (column, _) in &self.columns {
            columns.push((column.clone(), self.column(&column.name)?));
        }
        Ok(SweepData {
            axes: self.axes.clone(),
            columns,
            status: self.status()?,
            messages: self.messages()?,
            attributes: self.attributes.clone(),
        })
    }
}

/// A sweep in memory: what figures are drawn from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SweepData {
    /// The axes; the last runs fastest.
    pub axes: Vec<StoredAxis>,
    /// The columns with their values in row-major order, NaN where there are none.
    pub columns: Vec<(Column, Vec<f64>)>,
    /// The status code of each point (see [`PointStatus`](super::PointStatus)).
    pub status: Vec<i8>,
    /// Why a point has no result, or which check failed, by the number of the point.
    pub messages: BTreeMap<u64, String>,
    /// Provenance.
    pub attributes: Map<String, Value>,
}

impl SweepData {
    /// Number of points on each axis.
    pub fn shape(&self) -> Vec<usize> {
        self.axes.iter().map(|a| a.values.len()).collect()
    }

    /// The values of the axis of this name.
    pub fn axis(&self, name: &str) -> Option<&StoredAxis> {
        self.axes.iter().find(|a| a.name == name)
    }

    /// The values of the column of this name, in row-major order.
    pub fn column(&self, name: &str) -> Option<&[f64]> {
        self.columns.iter().find(|(c, _)| c.name == name).map(|(_, values)| values.as_slice())
    }

    /// How many points have which status.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        self.status.iter().for_each(|&s| counts.add(s));
        counts
    }
}
