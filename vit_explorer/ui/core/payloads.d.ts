/* Made by python -m vit_explorer.ui.payload_types from the TypedDicts of the server: do not edit. */

export interface Answers {
  advice: Record<string, any>;
  analyse: any;
  architectures: TablePayload;
  attention_layer: LayerPayload;
  attention_matrix: MatrixPayload;
  attention_rows: RowsPayload;
  begin_weights: BegunPayload;
  bring: BringPayload;
  bring_end: Record<string, any>;
  bring_part: Record<string, number>;
  catalogue: CataloguePayload;
  cell: ConfusedPayload;
  classify: ClassifyPayload;
  colours: ColoursPayload;
  command: StatusPayload;
  commands: CommandsPayload;
  compare: ComparePayload;
  confusion: ConfusionPayload;
  costs: CostsPayload;
  count: Record<string, any>;
  decoding_measured: any;
  describe: any;
  disagree: any;
  download: any;
  download_status: DownloadPayload;
  draw_lot: PicturePayload;
  drop_own: Record<string, any>;
  estimate: EstimatePayload;
  examples: any;
  experiment: ExperimentPayload;
  export: FileAnswer;
  features: FeaturesPayload;
  filters: FiltersPayload;
  find: FoundPayload;
  find_difference: DifferencePayload;
  follow: FollowPayload;
  get: StartedPayload;
  hunger: HungerPayload;
  index_progress: IndexProgressPayload;
  ingredient: IngredientPayload;
  inside: InsidePayload;
  keep: KeepPayload;
  keep_uploads: KeptPayload;
  ladder: LadderPayload;
  leave: any;
  leave_index: any;
  leave_score: any;
  leave_shuffles: any;
  leave_try: any;
  lobby: Record<string, any>;
  make_index: IndexPayload;
  maps: MapsPayload;
  measure_decoding: any;
  measure_models: any;
  measure_windows: any;
  models_measured: any;
  nearest: NearestPayload;
  offers: OffersPayload;
  open_weights: FittedPayload;
  own: OwnListPayload;
  plan_index: IndexPlanPayload;
  planned: PlanPayload;
  progress: ErasingPayload;
  published: PublishedPayload;
  questions: GuidePayload;
  read_sequence: SequencePayload;
  receive_weights: ReceivedPayload;
  remove: Record<string, any>;
  rename: RenamePayload;
  rollout_stack: RolloutPayload;
  run_point: StartPayload;
  score: MapScorePayload;
  score_progress: ShareDone;
  scores: ScoresPayload;
  search_beam: BeamPayload;
  shuffles: ShufflesPayload;
  shuffles_progress: ShareDone;
  similarity: SimilarityPayload;
  start: StartPayload;
  stop_decoding: any;
  stop_get: OffersPayload;
  stop_models: any;
  stop_windows: any;
  take: PicturePayload;
  test_prediction: AblationPayload;
  time_all: TimesPayload;
  tokens: TokensPayload;
  tour: TourPayload;
  try_all: TryPayload;
  try_progress: ShareDone;
  two_networks: NetworksPayload;
  unmasked: UnmaskedPayload;
  upload: PicturePayload;
  weights: WeightsPayload;
  windows: WindowsPayload;
  windows_measured: any;
  words: WordsPayload;
}

export interface AblatedMap {
  name: string;
  title: string;
  before: Packed;
  after: Packed;
  order: Array<number>;
}

export interface AblationPayload {
  before: Array<number>;
  after: Array<number>;
  pixels: Packed;
  maps: Array<AblatedMap>;
  orders: Array<NamedMap>;
}

export interface AgreementPayload {
  one: string;
  other: string;
  count: number;
}

export interface Attention {
  model: string;
  layer: number;
  head: number | null;
  tokens: Array<string>;
  weights: Array<Array<number>>;
}

export interface AttentionPayload {
  shape: Array<number>;
  patch_size: number;
  weights: Packed | null;
  limit: number;
  reading: Packed;
  distance: Array<Array<number>>;
  entropy: Array<Array<number>>;
  lens: Array<Array<number>>;
}

export interface BeamPayload {
  text: string;
  epoch: number;
  width: number;
  parent: Packed;
  step: Packed;
  token: Packed;
  own: Packed;
  sum: Packed;
  bits: Packed;
  ranking: Array<number>;
  scores: Array<number>;
  outputs: Array<string>;
  greedy: Array<number>;
}

export interface BegunPayload {
  id: string;
  largest_part: number;
}

export interface BlockMapPayload {
  stage: number;
  grid: Array<number>;
  channels: number;
  mean: Packed;
  window: number | null;
  shift: Array<number>;
}

export interface BlockPayload {
  stage: number;
  bias: Packed;
  grid: Array<number>;
  whole: Array<number>;
  shift: Array<number>;
  masked: boolean;
  order: Packed;
  regions: Packed;
  weights: Packed | null;
  reach_rows: Packed;
  reach_cols: Packed;
}

export interface BringPayload {
  data: string;
  part_bytes: number;
}

export interface CacheStepPayload {
  computed: [number, number];
  read: [number, number];
  source_computed: [number, number];
  source_read: [number, number];
}

export interface CataloguePayload {
  models: Array<ModelSummary>;
  pretrained: Array<UnopenedPayload>;
  gallery: Array<PicturePayload>;
  sources: Array<string>;
  reading: Array<ReadingPayload>;
  problems: Array<string>;
  first: FirstPayload;
  max_bytes: number;
  kept_minutes: number;
  downloads: boolean;
}

export interface CellPayload {
  pixels: Packed;
  title: string;
  answer: number;
  probability: number;
  same: boolean;
}

export interface ClassPayload {
  name: string;
  train: number;
  test: number;
}

export interface ClassProbability {
  label: string;
  probability: number;
}

export interface Classification {
  model: string;
  classes: Array<ClassProbability>;
}

export interface ClassifyPayload {
  results: Array<TimedPrediction>;
}

export interface ColoursPayload {
  kind: string;
  prefix_names: Array<string>;
  outlier_norm: number;
  second_title: string;
  second_pixels: Packed;
  maps: Array<MapPayload>;
}

export interface CommandsPayload {
  commands: Array<Record<string, string>>;
}

export interface ComparePayload {
  results: Array<ExplainedPayload>;
}

export interface ConfusedPayload {
  first: number;
  total: number;
  pictures: Array<ConfusedPicture>;
}

export interface ConfusedPicture {
  name: string;
  title: string;
  truth: string | null;
  labels: Array<string>;
  width: number;
  height: number;
  preview: string;
  probability: number;
}

export interface ConfusionPayload {
  model: string;
  state: "none" | "counting" | "ready";
  reason: string | null;
  data: string;
  done: number;
  total: number;
  classes: Array<string>;
  accuracy: number | null;
  stated: StatedAccuracy | null;
  cells: Packed | null;
  recall: Array<number | null>;
  precision: Array<number | null>;
  pairs: Array<PairPayload>;
}

export interface ContenderPayload {
  label: string;
  cursor: number;
  anew: boolean;
  info: Record<string, any> | null;
  recipe: Record<string, any> | null;
  words: string | null;
  lr_changes: Array<Array<number>>;
  steps: Packed | null;
  tests: Array<TestPayload>;
  snapshots: Array<SnapshotPayload>;
  finished: Record<string, any> | null;
  failed: string | null;
  now: any | null;
}

export interface CostsPayload {
  entries_global: number;
  entries_windowed: number;
  module_global: number;
  module_windowed: number;
}

export interface CountsPayload {
  missing?: string;
  done?: number;
  total?: number;
  left?: number | null;
  right?: Record<string, number>;
  agree?: Array<AgreementPayload>;
  kinds?: Record<string, number>;
}

export interface CurvePayload {
  kind: string;
  label: string;
  points: Array<Record<string, any>>;
}

export interface DecodingCostPayload {
  steps: Array<CacheStepPayload>;
  cached: Array<number>;
  plain: Array<number>;
  numbers: Array<number>;
  layers: number;
  heads: number;
  d_head: number;
}

export interface DifferencePayload {
  text: string;
  epoch: number;
  tried: number;
}

export interface DownloadPayload {
  state: string;
  fraction: number;
  reason: string | null;
}

export interface EffectPayload {
  kind: "pictures" | "mix" | "smoothing" | "batch" | "depth" | "none";
  before: Array<number>;
  after: Array<number>;
  steps: Array<ShownPayload>;
  rolls: Array<RollPayload>;
  labels: Array<Record<string, any>>;
  label: Record<string, any>;
  share: number;
  target: Array<number>;
  spread: Array<number>;
  draws: number;
  loss: number;
  hard: number;
  even: number;
  lowest: number;
  cells: Array<CellPayload>;
  same: number;
  augmented: Record<string, number>;
  rates: Array<number>;
  kept: Array<Array<Array<number>>>;
  passes: Packed;
  changed: number;
}

export interface ErasingPayload {
  share: number | null;
  patches: number;
  n_patches: number;
}

export interface EstimatePayload {
  start: number;
  training: number;
  looks: number;
  basis: "measured" | "other" | "rough";
  at: number | null;
}

export interface ExamplePayload {
  name: string;
  preview: string;
  truth: string;
  answers: Record<string, string>;
}

export interface ExamplesPayload {
  count: number;
  start: number;
  pictures: Array<ExamplePayload>;
}

export interface ExperimentPayload {
  mode: string;
  seed: number;
  classes: Array<string>;
  trained: Array<number>;
  changed: Array<number>;
  order: Array<number> | null;
  n_shuffles: number;
  several: Array<number> | null;
}

export interface ExplainedPayload {
  name: string;
  title: string;
  short: string;
  gist: string;
  architecture: string;
  data: string;
  n_classes: number;
  n_train: number | null;
  n_test: number | null;
  test_accuracy: number | null;
  parameters: number;
  multiply_adds: number | null;
  epochs: number | null;
  augment: string | null;
  model: string;
  classes: Array<string>;
  probabilities: Array<number>;
  explained: string;
  method: string;
  words: string;
  map: Packed;
  pixels: Packed;
  alike: boolean;
}

export interface Explanation {
  model: string;
  label: string;
  probability: number;
  maps: Record<string, Array<Array<number>>>;
}

export interface FeatureStagePayload {
  side: number;
  channels: number;
  strongest: Array<number>;
  maps: Packed;
  mean: Packed;
}

export interface FeaturesPayload {
  what: "Magnitudes" | "Activations";
  stages: Array<FeatureStagePayload>;
}

export interface FetchPayload {
  name: string;
  title: string;
  received: number;
  total: number | null;
  seconds_left: number | null;
  mine: boolean;
}

export interface FileAnswer {
  filename: string;
  mime: string;
  data: string;
}

export interface FiltersPayload {
  filters: Packed;
}

export interface FirstPayload {
  model: string | null;
  picture: string;
}

export interface FittedPayload {
  name: string;
  report: string;
}

export interface FollowPayload {
  state: string;
  place: number | null;
  reason: string | null;
  activity: string | null;
  seconds_before: number | null;
  name: string;
  title: string;
  preset: string | null;
  created: string;
  mine: boolean;
  keeps: boolean;
  outcome: Record<string, string> | null;
  contenders: Array<ContenderPayload>;
  setting: SettingPayload | null;
}

export interface FoundPayload {
  pictures: Array<PicturePayload>;
  missing: number;
}

export interface GuidePayload {
  questions: Array<Record<string, any>>;
  ways: Array<WayPayload>;
}

export interface HeadPayload {
  name: string;
  title: string;
  probabilities: Array<number>;
}

export interface HomePayload {
  arriving: Packed | null;
  maps: Array<BlockMapPayload>;
  summands: Array<number> | null;
}

export interface HungerPayload {
  data: string;
  curves: Array<CurvePayload>;
  told: string | null;
  settings: string;
  made: string | null;
  shortage: string | null;
  expectations: Array<Record<string, any>>;
  own: Array<Record<string, any>>;
  choice: Record<string, any>;
}

export interface IndexPayload {
  n: number;
  k: number;
  accuracy: number;
}

export interface IndexPlanPayload {
  n: number;
  done: boolean;
  quick: boolean;
}

export interface IndexProgressPayload {
  seen: number | null;
}

export interface IngredientPayload {
  kind: "pictures" | "mix" | "smoothing" | "batch" | "depth" | "none";
  before: Array<number>;
  after: Array<number>;
  steps: Array<ShownPayload>;
  rolls: Array<RollPayload>;
  labels: Array<Record<string, any>>;
  label: Record<string, any>;
  share: number;
  target: Array<number>;
  spread: Array<number>;
  draws: number;
  loss: number;
  hard: number;
  even: number;
  lowest: number;
  cells: Array<CellPayload>;
  same: number;
  augmented: Record<string, number>;
  rates: Array<number>;
  kept: Array<Array<Array<number>>>;
  passes: Packed;
  changed: number;
  ingredient: string;
  strength: number;
  seed: number;
  ingredients: Record<string, Record<string, any>>;
}

export interface InsidePayload {
  layer: number;
  head: number;
  query: Packed;
  key: Packed;
  value: Packed;
  added: Packed;
  lengths: Packed;
  units: Packed;
  activations: Packed;
  d_ff: number;
}

export interface KeepPayload {
  model: string;
}

export interface KeptPayload {
  missing: Array<string>;
}

export interface LadderPayload {
  rungs?: Array<RungPayload>;
  teacher?: RungPayload | null;
  says?: string;
  whole?: string;
  why?: string;
  caveat?: string;
  missing?: string;
  training?: string;
  sweep?: string;
  limit?: number;
  made?: string;
}

export interface LayerPayload {
  weights: Packed | null;
}

export interface MapArea {
  area: number;
  low: number;
  high: number;
}

export interface MapPayload {
  name: string;
  grid: Array<number>;
  colours: Packed;
  explained: Array<number>;
  norms: Packed;
  prefix_norms: Array<number>;
  outliers: Array<number>;
}

export interface MapScorePayload {
  deletion: MapArea;
  insertion: MapArea;
}

export interface MapsPayload {
  target: number;
  methods: Array<MethodPayload>;
  random: Packed;
  random_order: Array<number>;
}

export interface MatrixPayload {
  matrix: Packed | null;
}

export interface MethodPayload {
  name: string;
  title: string;
  words: string;
  for_class: boolean;
  map: Packed;
  order: Array<number>;
  deletion: MethodScore;
  insertion: MethodScore;
}

export interface MethodScore {
  probabilities: Array<number>;
  area: number;
  verdict: "better" | "like" | "worse" | "none";
  best: boolean;
}

export interface ModelPayload {
  name: string;
  title: string;
  short: string;
  gist: string;
  architecture: string;
  data: string;
  n_classes: number;
  n_train: number | null;
  n_test: number | null;
  test_accuracy: number | null;
  parameters: number;
  multiply_adds: number | null;
  epochs: number | null;
  augment: string | null;
  mean: Array<number>;
  std: Array<number>;
  classes: Array<string>;
  prefix_names: Array<string>;
  d_model: number | null;
  n_layers: number | null;
  d_ff: number | null;
  filters: Packed | null;
  filter_bias: Array<number> | null;
  components: Packed | null;
  component_share: Array<number> | null;
  positions: PositionsPayload | null;
}

export interface ModelSummary {
  name: string;
  title: string;
  short: string;
  gist: string;
  architecture: string;
  data: string;
  n_classes: number;
  n_train: number | null;
  n_test: number | null;
  test_accuracy: number | null;
  parameters: number;
  multiply_adds: number | null;
  epochs: number | null;
  augment: string | null;
}

export interface NamedMap {
  name: string;
  title: string;
}

export interface NearestPayload {
  neighbours: Array<NeighbourPayload>;
  label: string;
  votes: number;
  names: Array<string>;
  n: number;
}

export interface NeighbourPayload {
  picture: PicturePayload;
  cosine: number;
}

export interface NetworkPayload {
  network: string;
  block: number;
  names: Array<string>;
  depth: number;
  prefix_names: Array<string>;
  seen: number;
  size: number;
  pixels: Packed;
  grid: Array<number>;
  n_prefix: number;
  colours: Packed;
  explained: Array<number>;
  similarity: Packed;
  mean_cosine: number;
}

export interface NetworksPayload {
  networks: Array<NetworkPayload>;
}

export interface OfferPayload {
  name: string;
  title: string;
  megabytes: number;
  received: number;
  n_classes: number;
  top1: number | null;
  source: string;
  licence: string;
}

export interface OffersPayload {
  offered: Array<OfferPayload>;
  running: Array<FetchPayload>;
  faults: Record<string, string>;
  advice: string | null;
}

export interface OwnListPayload {
  held: Array<OwnPayload>;
  megabytes: number;
  files: number;
  each: number;
  hours: number;
}

export interface OwnPayload {
  data: string;
  title: string;
  state: "reading" | "ready" | "failed";
  done: number;
  total: number;
  reason: string | null;
  img_size: number;
  n_classes: number;
  classes: Array<ClassPayload>;
  n_skipped: number;
  skipped: Array<SkippedPayload>;
  notes: Array<string>;
}

export interface Packed {
  shape: Array<number>;
  dtype: string;
  scale: number;
  data: string;
}

export interface PairPayload {
  truth: number;
  answer: number;
  count: number;
}

export interface Patches {
  model: string;
  size: number;
  rows: number;
  cols: number;
  colours: Array<Array<Array<number>>>;
  norms: Array<Array<number>>;
}

export interface PatchesPayload {
  size: number;
  values: number;
  embedding: Packed;
  component_scores: Packed;
  differences: Packed;
  largest_difference: number;
  largest_value: number;
  recovered_values: Array<number> | null;
}

export interface PicturePayload {
  name: string;
  title: string;
  truth: string | null;
  labels: Array<string>;
  width: number;
  height: number;
  preview: string;
}

export interface PlanPayload {
  contenders: Array<Record<string, any>>;
}

export interface PlaneReading {
  row: number;
  column: number;
  two_d: number;
}

export interface PositionMaps {
  maps: Packed;
  of: number;
  spread: number;
  plane: PlaneReading | null;
}

export interface PositionsPayload {
  grid: Array<number>;
  n_prefix: number;
  epochs: Array<number | null>;
  similarity: Packed;
  structure: Array<Record<string, number>>;
  pairs: Array<Array<Record<string, any>>>;
}

export interface PredictionPayload {
  model: string;
  classes: Array<string>;
  logits: Array<number>;
  probabilities: Array<number>;
  seconds: number;
  pixels: Packed;
}

export interface ProbePayload {
  index: number;
  label: string;
  image: string;
}

export interface PublishedPayload {
  rows: Array<Record<string, any>>;
  mixing: string;
}

export interface RaceLine {
  name: string;
  title: string;
  created: string;
  mine: boolean;
  state: string;
  contenders: Array<Record<string, any>>;
}

export interface RandomScore {
  n: number;
  mean: number;
  low: number;
  high: number;
  probabilities: Array<number>;
}

export interface ReadingPayload {
  name: string;
  done: number;
  total: number;
}

export interface ReceivedPayload {
  received: number;
}

export interface RenamePayload {
  title: string;
}

export interface RollPayload {
  seed: number;
  pixels: Packed;
  answer: number;
  probability: number;
}

export interface RolloutPayload {
  answer: Packed;
  answer_alone: Packed;
  steps: Packed | null;
  alone: Packed | null;
}

export interface RowsPayload {
  rows: Packed;
  columns: Packed;
}

export interface RungPayload {
  name: string;
  number: number;
  title: string;
  what: string;
  expected: string;
  ingredients: Array<Record<string, any>>;
  view: string;
  recipe: string;
  commands: Array<string>;
  result: StepPayload | null;
}

export interface ScoresPayload {
  target: number;
  methods: Array<MethodPayload>;
  random: Packed;
  random_order: Array<number>;
  fractions: Array<number>;
  yardstick: Record<string, RandomScore>;
  baseline_pixels: Packed;
}

export interface SequencePayload {
  task: "reverse" | "reverse-halves" | "sort";
  limits: [number, number];
  text: string;
  answer: string;
  network: string;
  parameters: number;
  min_length: number;
  max_length: number;
  n_test: number;
  symbols: string;
  names: Array<string>;
  epochs: Array<number>;
  history: Array<TextAccuracy>;
  given: Array<Array<Array<string>>>;
  output: Array<Array<Array<string>>>;
  cross: Packed;
  decoder_self: Packed;
  encoder_self: Packed;
  probabilities: Packed;
  copied: Array<Array<Array<Array<number>>>>;
  chance: number;
  cost: DecodingCostPayload;
}

export interface SettingPayload {
  classes: Array<string> | null;
  probe: ProbePayload | null;
}

export interface ShareDone {
  share: number | null;
}

export interface ShownPayload {
  pixels: Packed;
  done: string;
  box: [number, number, number, number] | null;
}

export interface ShufflesPayload {
  several: Array<number>;
}

export interface SimilarityPayload {
  block: number;
  grid: Array<number>;
  n_prefix: number;
  here: Packed;
  there: Packed;
}

export interface SkippedPayload {
  name: string;
  reason: string;
}

export interface Smoothed {
  target: Array<number>;
  loss: number;
  hard: number;
  even: number;
  lowest: number;
}

export interface SnapshotPayload {
  step: number;
  epoch: number;
  images: number;
  seconds: number;
  test_accuracy: number | null;
  map: Packed;
  positions: PositionMaps | null;
  answer: number;
  probability: number;
}

export interface StagePayload {
  d_model: number;
  heads: number;
  depth: number;
  multiply_adds: number;
}

export interface StartPayload {
  race: string;
}

export interface StartedPayload {
  offered: Array<OfferPayload>;
  running: Array<FetchPayload>;
  faults: Record<string, string>;
  advice: string | null;
  id: string | null;
}

export interface StatedAccuracy {
  accuracy: number;
  n_test: number;
}

export interface StatusPayload {
  state: string;
  place: number | null;
  reason: string | null;
  activity: string | null;
  seconds_before: number | null;
}

export interface StemPayload {
  size: number;
  sees: Array<Array<number>>;
  stages: Array<StemStagePayload>;
  title: string;
  embedding: Packed;
}

export interface StemStagePayload {
  title: string;
  channels: number;
  side: number;
  sees: Array<Array<number>>;
  strongest: Array<number>;
  mean: Packed;
  maps: Packed;
}

export interface StepPayload {
  mean: number;
  spread: number | null;
  tests: Array<number>;
  train: number;
  gain: number | null;
  gain_spread: number | null;
  gains: Array<number>;
  clear: boolean;
}

export interface TablePayload {
  rows: Array<Record<string, any>>;
}

export interface TestPayload {
  step: number;
  images: number;
  seconds: number;
  accuracy: number;
}

export interface TextAccuracy {
  epoch: number;
  forced: number;
  free: number;
  sequences: number;
}

export interface TimedPrediction {
  name: string;
  title: string;
  short: string;
  gist: string;
  architecture: string;
  data: string;
  n_classes: number;
  n_train: number | null;
  n_test: number | null;
  test_accuracy: number | null;
  parameters: number;
  multiply_adds: number | null;
  epochs: number | null;
  augment: string | null;
  model: string;
  classes: Array<string>;
  logits: Array<number>;
  probabilities: Array<number>;
  seconds: number;
  pixels: Packed;
  timed_passes: number;
}

export interface TimesPayload {
  seconds: Record<string, number>;
  timed_passes: number;
}

export interface TokensPayload {
  model: string;
  teacher: string | null;
  missing: string;
  data: string;
  classes: Array<string>;
  size: number;
  grid: Array<number>;
  pixels: Packed;
  attention: Packed;
  rollout: Packed;
  similarity: Array<number>;
  answers: Array<HeadPayload>;
}

export interface TourPayload {
  steps: Array<Record<string, any>>;
}

export interface TracePayload {
  model: string;
  classes: Array<string>;
  logits: Array<number>;
  probabilities: Array<number>;
  seconds: number;
  pixels: Packed;
  picture: PicturePayload;
  fit: "crop" | "letterbox";
  size: number;
  grid: Array<number>;
  n_prefix: number;
  patches: PatchesPayload | null;
  stem: StemPayload | null;
  attention: AttentionPayload | null;
  home: HomePayload;
}

export interface TryPayload {
  target: number;
  probability: number;
  side: number;
  patches: Packed;
  heads: Packed | null;
  patches_turn: Array<Array<number>>;
  heads_turn: Array<Array<number>>;
}

export interface UnmaskedPayload {
  classes: Array<string>;
  with_mask: Array<number>;
  without: Array<number>;
  weights: Array<Packed>;
}

export interface UnopenedPayload {
  name: string;
  title: string;
  top1: number | null;
}

export interface VitPayload {
  grid: Array<number>;
  d_model: number;
  layers: number;
  multiply_adds: number;
}

export interface WayPayload {
  answers: Array<string>;
  advice: string;
}

export interface WeightsPayload {
  weights: Array<Packed>;
}

export interface WindowsPayload {
  model: string;
  own: Record<string, number>;
  window: number;
  shift: number;
  side: number;
  windows: Array<number>;
  sides: Array<number>;
  pixels: Packed;
  classes: Array<string>;
  probabilities: Array<number>;
  own_probabilities: Array<number>;
  stages: Array<StagePayload>;
  blocks: Array<BlockPayload>;
  cnn: Array<Record<string, number>>;
  vit: VitPayload;
}

export interface WordPayload {
  section: string;
  names: Array<string>;
  text: string;
}

export interface WordsPayload {
  terms: Array<WordPayload>;
}
