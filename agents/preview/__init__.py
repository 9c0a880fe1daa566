"""Every e-mail as every sample lead would get it, for authors to look at. It sends nothing and decides nothing."""
