"""What we put into a Salesforce org: declared in install.yml, made by the Metadata API, shipped as a source package."""
