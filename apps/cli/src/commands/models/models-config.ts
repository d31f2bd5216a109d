/** What the model commands need of the command line's configuration. */
export interface ModelsConfig {
  readonly PACK: string;
  readonly MODELS_DIR: string;
  /** A folder or base URL in place of the upstream hosts. */
  readonly FACEFLEET_MODEL_MIRROR?: string | undefined;
}
