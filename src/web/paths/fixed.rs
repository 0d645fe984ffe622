//! The paths without an id.

/// The front page.
pub const FRONT: &str = "/";
/// The health check.
pub const UP: &str = "/up";
/// The newest posts.
pub const POSTS: &str = "/posts";
/// The newest comments; below it the pages of comments, each by its id.
pub const COMMENTS: &str = "/comments";
/// The posts with the most points.
pub const BEST: &str = "/best";
/// The posts that ask.
pub const ASK: &str = "/ask";
/// The posts that show something.
pub const SHOW: &str = "/show";
/// The default period of [`BEST`].
pub const WEEK: &str = "week";
/// The posts of a day.
pub const PAST: &str = "/past";
/// The posts that link to a site.
pub const FROM: &str = "/from";
/// The posts of a tag.
pub const TAGGED: &str = "/tagged";
/// All tags of the site.
pub const TAGS: &str = "/tags";
/// The feed of the front page.
pub const FRONT_FEED: &str = "/front.atom";
/// The feed of the newest posts.
pub const POSTS_FEED: &str = "/posts.atom";
/// The index of sitemaps for search engines.
pub const SITEMAP: &str = "/sitemap.xml";
/// The search for posts and comments.
pub const SEARCH: &str = "/search";
/// The form for a new post.
pub const NEW_POST: &str = "/posts/new";
/// The comments that answer or mention the viewer.
pub const INBOX: &str = "/inbox";
/// Marking all of [`INBOX`] as read (POST).
pub const INBOX_READ: &str = "/inbox/read";
/// Changing the address of the feed of [`INBOX`] (POST).
pub const INBOX_FEED: &str = "/inbox/feed";
/// The form for signing in.
pub const SIGN_IN: &str = "/sign_in";
/// Signing in (POST).
pub const SESSIONS: &str = "/sessions";
/// The page after a sign-in over plain HTTP, which shows whether the browser keeps the session's cookie.
pub const SIGNED_IN: &str = "/signed_in";
/// The form for a link by mail to set a new password; below it the links, each with its token.
pub const RESET: &str = "/reset";
/// The form for signing up.
pub const SIGN_UP: &str = "/sign_up";
/// The viewer's invitations; making one (POST).
pub const INVITATIONS: &str = "/invitations";
/// Who invited whom.
pub const INVITATION_TREE: &str = "/invitations/tree";
/// Signing up (POST).
pub const USERS: &str = "/users";
/// The viewer's account.
pub const ACCOUNT: &str = "/user";
/// What the site keeps about the viewer, as a file (POST).
pub const OWN_DATA: &str = "/user/data";
/// The form for changing the viewer's account.
pub const EDIT_ACCOUNT: &str = "/user/edit";
/// The viewer's mail address.
pub const MAIL: &str = "/user/mail";
/// How the viewer wants replies by mail (POST).
pub const MAILED_REPLIES: &str = "/user/mail/replies";
/// The confirmation of deleting the viewer's account.
pub const DELETE_ACCOUNT: &str = "/user/delete";
/// The reader's preferences.
pub const PREFERENCES: &str = "/preferences";
/// The list of keyboard shortcuts.
pub const KEYS: &str = "/keys";
/// The site's icon, a PNG.
pub const ICON: &str = "/icon.png";
/// The site's settings, for admins.
pub const SETTINGS: &str = "/settings";
/// Uploading the site's logo (POST), and removing it (DELETE).
pub const SET_LOGO: &str = "/settings/logo";
/// The site's rules.
pub const RULES: &str = "/rules";
/// What the site is.
pub const ABOUT: &str = "/about";
/// What the site does with what it knows of people.
pub const PRIVACY: &str = "/privacy";
/// The moderation log.
pub const LOG: &str = "/log";
/// What flags have hidden, for users who can vouch for it.
pub const DEAD: &str = "/dead";
/// The queue of flagged posts and comments, for admins.
pub const FLAGS: &str = "/flags";
/// The status of the site and its replica.
pub const STATUS: &str = "/status";
/// The web app's manifest.
pub const MANIFEST: &str = "/manifest.json";
/// The front page, by the name that it has at Hacker News.
pub const HN_NEWS: &str = "/news";
/// The newest posts, by the name that they have at Hacker News.
pub const HN_NEWEST: &str = "/newest";
/// The form for a new post that programs for Hacker News read.
pub const HN_SUBMIT: &str = "/submit";
/// Creating a post by [`HN_SUBMIT`] (POST).
pub const HN_R: &str = "/r";
/// Changing a post or comment by a program for Hacker News (POST).
pub const HN_XEDIT: &str = "/xedit";
/// The site's own API; below it its addresses.
pub const API: &str = "/api/site";
/// The OpenAPI document of [`API`].
pub const API_DOCUMENT: &str = "/api/site/openapi.json";
/// The viewer's tokens for [`API`].
pub const API_TOKENS: &str = "/user/tokens";
