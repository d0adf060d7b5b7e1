"""config-updater: files of a repository become ConfigMaps when they are merged."""
